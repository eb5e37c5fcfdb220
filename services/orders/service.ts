import { randomUUID } from "node:crypto";
import * as z from "zod";
import { PAYMENT_COMMANDS } from "../_contracts/commands.ts";
import { eventsTo } from "../_contracts/events.ts";
import { AccountService } from "../_contracts/gen/baton/accounts/v1/accounts_pb.js";
import { InventoryService } from "../_contracts/gen/baton/inventory/v1/inventory_pb.js";
import { OrderService } from "../_contracts/gen/baton/orders/v1/orders_pb.js";
import { PaymentService } from "../_contracts/gen/baton/payments/v1/payments_pb.js";
import type { Vocabulary } from "../_contracts/vocabulary.ts";
import { openDatabase } from "../_kit/database/postgres.ts";
import { attemptsSchema } from "../_kit/events/attempts.ts";
import { subscribe } from "../_kit/events/consumer.ts";
import { watchConsumers, watchOutbox, watchStreams } from "../_kit/events/gauges.ts";
import { inboxSchema } from "../_kit/events/inbox.ts";
import { outboxSchema } from "../_kit/events/outbox.ts";
import { startRelay } from "../_kit/events/relay.ts";
import { connectRedis, jobQueue } from "../_kit/jobs/queue.ts";
import { listening, readConfig, streaming, wholeNumbers } from "../_kit/process/config.ts";
import { checkedBy } from "../_kit/process/payload.ts";
import { rpcClient } from "../_kit/rpc/client.ts";
import { serveRpc } from "../_kit/rpc/server.ts";
import { readTelemetrySettings } from "../_kit/sdk/settings.ts";
import { openBroker } from "../_kit/service/broker.ts";
import type { Life } from "../_kit/service/main.ts";
import { BATON } from "../_kit/telemetry/conventions.ts";
import { faultAt } from "../_kit/telemetry/faults.ts";
import { makeNote, type Note } from "../_kit/telemetry/note.ts";
import { restarted } from "../_kit/telemetry/restart.ts";
import { traced } from "../_kit/telemetry/span.ts";
import { serviceNamed } from "../topology.ts";
import { makeAccounts } from "./accounts/accounts.ts";
import { accountsRoutes } from "./accounts/rpc.ts";
import { userStore, usersSchema } from "./accounts/store.ts";
import { makeCancel } from "./cancel.ts";
import { makeCheckout } from "./checkout.ts";
import { inventoryOver, paymentsOver, refundsOver } from "./clients.ts";
import { type CompensateDeps, makeCompensate } from "./compensate.ts";
import { makeDeliver } from "./deliver.ts";
import { makeMarkShipped } from "./mark-shipped.ts";
import type { OrderStore } from "./ports.ts";
import { makeReadOrders } from "./read-orders.ts";
import { ordersRoutes } from "./rpc.ts";
import { type Inventory, makeSaga, type Payments } from "./saga.ts";
import { makeTakeStep } from "./saga-fault.ts";
import { orderStore } from "./store.ts";
import { makeSweep, startSweeper } from "./sweep.ts";

const declared = serviceNamed("orders");
const schema = z.object({
  ...listening(declared.port),
  BATON_POSTGRES_URL: z.url(),
  ...streaming(),
  BATON_REDIS_URL: z.url(),
  BATON_INVENTORY_URL: z.url().default(`http://127.0.0.1:${serviceNamed("inventory").port}`),
  BATON_PAYMENTS_URL: z.url().default(`http://127.0.0.1:${serviceNamed("payments").port}`),
  ...wholeNumbers(declared.settings),
});

/**
 * A step's call ends well before its lease does: nobody takes up a saga that is only slow. Not much earlier either: a
 * call that is cut off leaves an order whose outcome is not known.
 */
const callTimeoutMs = (leaseMs: number): number => Math.min(5_000, leaseMs / 2);

export async function compose({ log, releaser, signal }: Life, env: NodeJS.ProcessEnv): Promise<void> {
  const config = readConfig(schema, env);
  const mode = readTelemetrySettings(env).asyncMode;
  const note = makeNote<Vocabulary>(log);
  const leaseMs = config.BATON_SAGA_LEASE_MS;
  const timeoutMs = callTimeoutMs(leaseMs);

  const schemas = [
    new URL("./schema.sql", import.meta.url),
    usersSchema,
    inboxSchema,
    outboxSchema,
    attemptsSchema,
  ];
  const db = releaser.add(
    "database",
    await openDatabase(config.BATON_POSTGRES_URL, schemas, log, { signal }),
    (d) => d.close(),
  );
  const broker = await openBroker({
    url: config.BATON_NATS_URL,
    name: "orders",
    replicas: config.BATON_NATS_REPLICAS,
    log,
  });
  releaser.add("broker", broker, (b) => b.close());
  await broker.ensure([]);
  const redis = releaser.add("redis", connectRedis(config.BATON_REDIS_URL), (r) => r.disconnect());
  const queue = releaser.add("queue", jobQueue(PAYMENT_COMMANDS, redis), (q) => q.close());
  const inventory = rpcClient(InventoryService, config.BATON_INVENTORY_URL, timeoutMs);
  releaser.add("inventory", inventory, (c) => c.close());
  const payments = rpcClient(PaymentService, config.BATON_PAYMENTS_URL, timeoutMs);
  releaser.add("payments", payments, (c) => c.close());

  const orders = orderStore(db, leaseMs);
  const { sweep, ...api } = useCases({
    orders,
    inventory: inventoryOver(inventory.call),
    payments: paymentsOver(payments.call),
    requestRefund: refundsOver(queue, timeoutMs),
    note,
  });
  const accounts = makeAccounts(userStore(db), note, randomUUID);

  releaser.add("relay", await startRelay(db, broker, mode, log), (r) => r.stop());
  releaser.add("outbox gauges", watchOutbox(db), (end) => end());
  const handlers = checkedBy(eventsTo("orders"), { ParcelShipped: makeMarkShipped(orders, note) });
  const shipped = { group: "orders", type: "ParcelShipped", handle: handlers.ParcelShipped };
  releaser.add("consumer", await subscribe(shipped, { broker, db, mode, log }), (c) => c.stop());
  releaser.add("consumer gauges", watchConsumers(broker, [shipped]), (end) => end());
  releaser.add("stream gauges", watchStreams(broker), (end) => end());
  const sweepFailed = (err: unknown) => log.warn({ err }, "the sweeper's pass failed, the next one comes");
  releaser.add("sweeper", startSweeper(sweep, config.BATON_SAGA_SWEEP_MS, sweepFailed), (s) => s.stop());

  const server = await serveRpc({
    host: config.BATON_HOST,
    port: config.BATON_PORT,
    log,
    services: [OrderService, AccountService],
    routes: (router) => {
      ordersRoutes(api)(router);
      accountsRoutes(accounts)(router);
    },
    ready: async () => {
      await Promise.all([db.query("SELECT 1"), broker.ready(), queue.ready()]);
    },
  });
  releaser.add("server", server, (s) => s.close());
}

interface Neighbours {
  readonly orders: OrderStore;
  readonly inventory: Inventory;
  readonly payments: Payments;
  readonly requestRefund: CompensateDeps["requestRefund"];
  readonly note: Note<Vocabulary>;
}

function useCases({ orders, inventory, payments, requestRefund, note }: Neighbours) {
  const newId = randomUUID;
  const takeStep = makeTakeStep(faultAt, () => process.kill(process.pid, "SIGKILL"));
  const compensate = traced(
    "compensate",
    makeCompensate({ release: inventory.release, requestRefund, takeStep, note }),
    { [BATON.compensation]: true },
  );
  const saga = makeSaga({ sagas: orders, inventory, payments, compensate, takeStep, note });
  return {
    checkout: makeCheckout({ orders, inventory, saga, takeStep, note, newId }),
    cancel: makeCancel({ orders, saga, note, newId }),
    deliver: makeDeliver(orders, note),
    orders: makeReadOrders(orders, note),
    sweep: makeSweep({
      sagas: orders,
      saga,
      restarted: (taken, work) =>
        restarted(taken.step === "cancel" ? "resume cancel" : "resume checkout", taken, work),
      note,
      newId,
    }),
  };
}
