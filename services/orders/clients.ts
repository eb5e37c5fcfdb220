/** The other services, as the checkout sees them. */
import type { Client } from "@connectrpc/connect";
import type { InventoryService } from "../_contracts/gen/baton/inventory/v1/inventory_pb.js";
import type { PaymentService } from "../_contracts/gen/baton/payments/v1/payments_pb.js";
import { AppError } from "../_kit/errors.ts";
import type { Inventory, Payments } from "./checkout.ts";

export function inventoryOver(client: Client<typeof InventoryService>): Inventory {
  return {
    quote: async (items) => Number((await client.quote({ lines: [...items] })).totalCents),
    reserve: async (orderId, items) => {
      await client.reserve({ orderId, lines: [...items] });
    },
    release: async (orderId) => {
      await client.release({ orderId });
    },
  };
}

export function paymentsOver(client: Client<typeof PaymentService>): Payments {
  return {
    charge: async ({ key, orderId, userId, amountCents, token }) => {
      await client.charge({ idempotencyKey: key, orderId, userId, amountCents: BigInt(amountCents), token });
    },
    outcome: async (key) => {
      try {
        const found = await client.getCharge({ idempotencyKey: key });
        return found.declined ? "declined" : "charged";
      } catch (thrown) {
        // Not there yet is not the same as never: the charge may still be on its way.
        if (AppError.from(thrown).code === "not_found") return "unknown";
        throw thrown;
      }
    },
  };
}
