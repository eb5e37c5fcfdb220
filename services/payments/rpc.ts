/** Connects the payments contract with the use cases. */
import type { ConnectRouter } from "@connectrpc/connect";
import * as z from "zod";
import { PaymentService } from "../_contracts/gen/baton/payments/v1/payments_pb.js";
import { AppError } from "../_kit/process/errors.ts";
import { keyText, parsed } from "../_kit/process/payload.ts";
import type { ChargeRequest } from "./charge.ts";
import type { ChargeStore } from "./store.ts";

const GetChargeRequest = z.object({ idempotencyKey: keyText(160) });
const ChargeMessage = GetChargeRequest.extend({
  orderId: keyText(128),
  userId: keyText(128),
  amountCents: z.bigint().min(0n).max(BigInt(Number.MAX_SAFE_INTEGER)),
  token: keyText(128),
});

export interface PaymentsApi {
  readonly charge: (request: ChargeRequest, signal: AbortSignal) => Promise<string>;
  readonly find: ChargeStore["find"];
}

export function paymentsRoutes({ charge, find }: PaymentsApi) {
  return (router: ConnectRouter): void => {
    router.service(PaymentService, {
      charge: async (request, { signal }) => {
        const { idempotencyKey: key, amountCents, ...rest } = parsed("a charge", ChargeMessage, request);
        return { chargeId: await charge({ ...rest, key, amountCents: Number(amountCents) }, signal) };
      },
      getCharge: async (request) => {
        const { idempotencyKey } = parsed("a charge's key", GetChargeRequest, request);
        const found = await find(idempotencyKey);
        if (found === undefined) throw new AppError("not_found", "there is no charge with this key");
        return {
          chargeId: found.status === "voided" ? "" : found.chargeId,
          declined: found.status === "declined",
          refunded: found.status === "charged" && found.refunded,
          voided: found.status === "voided",
        };
      },
    });
  };
}
