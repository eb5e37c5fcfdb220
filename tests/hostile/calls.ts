/** A checkout as services ask for it, and what is in the answer. */
import { create, fromBinary, toBinary, toJsonString } from "@bufbuild/protobuf";
import {
  CheckoutRequestSchema,
  CheckoutResponseSchema,
} from "../../services/_contracts/gen/baton/orders/v1/orders_pb.js";

/** The request as a message: JSON, or protobuf for every other type. */
export function encodeCheckout(userId: string, type: string): Buffer {
  const message = create(CheckoutRequestSchema, {
    idempotencyKey: userId,
    userId,
    items: [{ sku: "teapot", quantity: 1 }],
    paymentToken: "tok_visa",
    requestHash: userId,
  });
  return Buffer.from(
    type === "application/json"
      ? toJsonString(CheckoutRequestSchema, message)
      : toBinary(CheckoutRequestSchema, message),
  );
}

/** The order's id in a body that was read as latin1; undefined when there is none. */
export function orderIdIn(body: string, type: string): string | undefined {
  if (type === "application/json") {
    const { order } = JSON.parse(Buffer.from(body, "latin1").toString()) as { order?: { orderId?: string } };
    return order?.orderId;
  }
  // Behind the five bytes of the envelope.
  const message = Buffer.from(body, "latin1");
  const length = message.readUInt32BE(1);
  return fromBinary(CheckoutResponseSchema, message.subarray(5, 5 + length)).order?.orderId;
}
