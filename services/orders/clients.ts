/** The other services as the saga sees them. */
import type { Client } from "@connectrpc/connect";
import type { Command, CommandFrom } from "../_contracts/commands.ts";
import type { InventoryService } from "../_contracts/gen/baton/inventory/v1/inventory_pb.js";
import type { PaymentService } from "../_contracts/gen/baton/payments/v1/payments_pb.js";
import type { JobQueue } from "../_kit/jobs/queue.ts";
import { detached } from "../_kit/process/deadline.ts";
import { AppError } from "../_kit/process/errors.ts";
import type { Inventory, Payments } from "./saga.ts";

/** A caller that gives up ends reserve and charge, by its deadline. Lookups and compensations are detached. */
export function inventoryOver(client: Client<typeof InventoryService>): Inventory {
  return {
    quote: async (items) => Number((await client.quote({ lines: [...items] })).totalCents),
    reserve: async (orderId, items) => {
      await client.reserve({ orderId, lines: [...items] });
    },
    release: (orderId) =>
      detached(async () => {
        await client.release({ orderId });
      }),
  };
}

export function paymentsOver(client: Client<typeof PaymentService>): Payments {
  return {
    charge: async ({ key, orderId, userId, amountCents, token }) => {
      await client.charge({ idempotencyKey: key, orderId, userId, amountCents: BigInt(amountCents), token });
    },
    outcome: (key) =>
      detached(async () => {
        try {
          const found = await client.getCharge({ idempotencyKey: key });
          if (found.refunded || found.voided) return "undone";
          return found.declined ? "declined" : "charged";
        } catch (thrown) {
          // The charge may still be on its way.
          if (AppError.from(thrown).code === "not_found") return "unknown";
          throw thrown;
        }
      }),
  };
}

/**
 * Sends the refund command. The Redis client would wait without end for a server that is away. After `timeoutMs` this
 * fails with `unavailable`, and a later attempt sends the command again under the same id.
 */
export function refundsOver(
  queue: Pick<JobQueue<CommandFrom<"orders">>, "name" | "ready" | "add">,
  timeoutMs: number,
): (refund: Command<"refund">) => Promise<void> {
  return async (payload) => {
    const { promise: late, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(
      () => reject(new AppError("unavailable", `the queue ${queue.name} does not answer`)),
      timeoutMs,
    );
    const send = async () => {
      await queue.ready();
      await queue.add({ name: "refund", id: `refund-${payload.orderId}`, payload });
    };
    await Promise.race([send(), late]).finally(() => clearTimeout(timer));
  };
}
