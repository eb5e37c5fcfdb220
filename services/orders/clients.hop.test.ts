import { Queue } from "bullmq";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { eventually, quiet, uniqueName } from "../../tests/fixtures.ts";
import { patient } from "../../tests/patience.ts";
import type { CommandFrom } from "../_contracts/commands.ts";
import { InventoryService } from "../_contracts/gen/baton/inventory/v1/inventory_pb.js";
import { PaymentService } from "../_contracts/gen/baton/payments/v1/payments_pb.js";
import { cableTo } from "../_kit/database/cable.fixture.ts";
import type { Listening } from "../_kit/http/listen.ts";
import { connectRedis, jobQueue, PREFIX } from "../_kit/jobs/queue.ts";
import { withDeadline } from "../_kit/process/deadline.ts";
import { AppError } from "../_kit/process/errors.ts";
import { type RpcClient, rpcClient } from "../_kit/rpc/client.ts";
import { serveRpc } from "../_kit/rpc/server.ts";
import { inventoryOver, paymentsOver, refundsOver } from "./clients.ts";

/** The charges that payments knows here. All other calls succeed. */
const CHARGES: Readonly<Record<string, object>> = {
  charged: { chargeId: "c-1" },
  declined: { chargeId: "c-2", declined: true },
  refunded: { chargeId: "c-3", refunded: true },
  voided: { voided: true },
};
let server: Listening;
let toInventory: RpcClient<typeof InventoryService>;
let toPayments: RpcClient<typeof PaymentService>;
beforeAll(async () => {
  server = await serveRpc({
    host: "127.0.0.1",
    port: 0,
    log: quiet,
    services: [InventoryService, PaymentService],
    routes: (router) => {
      router.service(InventoryService, { reserve: () => ({}), release: () => ({}) });
      router.service(PaymentService, {
        getCharge: ({ idempotencyKey }) => {
          const found = CHARGES[idempotencyKey];
          if (!found) throw new AppError("not_found", "there is no charge with this key");
          return found;
        },
      });
    },
    ready: async () => {},
  });
  toInventory = rpcClient(InventoryService, server.url, patient(5_000));
  toPayments = rpcClient(PaymentService, server.url, patient(5_000));
});
afterAll(async () => {
  toInventory.close();
  toPayments.close();
  await server.close();
});

test("the outcome of a charge: charged, declined, undone by a refund or a void, or unknown", async () => {
  const { outcome } = paymentsOver(toPayments.call);
  const keys = ["charged", "declined", "refunded", "voided", "never heard of"];
  expect(await Promise.all(keys.map(outcome))).toEqual([
    "charged",
    "declined",
    "undone",
    "undone",
    "unknown",
  ]);
});

test("a caller that has given up ends reserve and charge; a lookup and a release go on", async () => {
  const inventory = inventoryOver(toInventory.call);
  const payments = paymentsOver(toPayments.call);
  await withDeadline(AbortSignal.abort(), Number.POSITIVE_INFINITY, async () => {
    await expect(inventory.reserve("o-1", [])).rejects.toMatchObject({ code: "cancelled" });
    expect(await payments.outcome("charged")).toBe("charged");
    await inventory.release("o-1");
  });
});

test("a queue that does not answer holds up its caller until the timeout; later the command is there once", async () => {
  const cable = await cableTo(inject("redisUrl"));
  const redis = connectRedis(cable.url);
  const queue = jobQueue<CommandFrom<"orders">>(uniqueName("payment-commands"), redis);
  const requestRefund = refundsOver(queue, 100);
  const refund = { chargeKey: "o-1:charge", orderId: "o-1", userId: "ann" };
  await eventually("the queue to be there", () =>
    queue
      .ready()
      .then(() => true)
      .catch(() => undefined),
  );

  cable.hold();
  await expect(requestRefund(refund)).rejects.toMatchObject({ code: "unavailable" });
  cable.letGo();
  await eventually("the queue to take it", () =>
    requestRefund(refund)
      .then(() => true)
      .catch(() => undefined),
  );

  const direct = connectRedis(inject("redisUrl"));
  const seen = new Queue(queue.name, { connection: direct, prefix: PREFIX });
  // The command that was sent while the cable was held has arrived too, and added nothing.
  const jobs = await seen.getJobs();
  expect(jobs.map(({ name, id, data }) => [name, id, data.payload])).toEqual([
    ["refund", "refund-o-1", refund],
  ]);
  await seen.close();
  await queue.close();
  redis.disconnect();
  direct.disconnect();
  await cable.pull();
});
