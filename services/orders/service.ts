import { randomUUID } from "node:crypto";
import * as z from "zod";
import { InventoryService } from "../_contracts/gen/baton/inventory/v1/inventory_pb.js";
import { OrderService } from "../_contracts/gen/baton/orders/v1/orders_pb.js";
import { PaymentService } from "../_contracts/gen/baton/payments/v1/payments_pb.js";
import type { Vocabulary } from "../_contracts/vocabulary.ts";
import { listening, readConfig, streaming } from "../_kit/config.ts";
import { subscribe } from "../_kit/consumer.ts";
import { AppError } from "../_kit/errors.ts";
import { watchConsumers, watchOutbox, watchStreams } from "../_kit/gauges.ts";
import { inboxSchema } from "../_kit/inbox.ts";
import { connectNats, ensureStreams, eventStream } from "../_kit/jetstream.ts";
import type { Life } from "../_kit/main.ts";
import { outboxSchema } from "../_kit/outbox.ts";
import { openDatabase } from "../_kit/postgres.ts";
import { startRelay } from "../_kit/relay.ts";
import { rpcClient } from "../_kit/rpc-client.ts";
import { serveRpc } from "../_kit/rpc-server.ts";
import { BATON } from "../_kit/telemetry/conventions.ts";
import { makeNote } from "../_kit/telemetry/note.ts";
import { readTelemetrySettings } from "../_kit/telemetry/settings.ts";
import { traced } from "../_kit/telemetry/span.ts";
import { makeCheckout } from "./checkout.ts";
import { inventoryOver, paymentsOver } from "./clients.ts";
import { makeMarkShipped } from "./mark-shipped.ts";
import { ordersRoutes } from "./rpc.ts";
import { orderStore } from "./store.ts";

const schema = z.object({
  ...listening(8081),
  BATON_POSTGRES_URL: z.url(),
  ...streaming(),
  BATON_INVENTORY_URL: z.url().default("http://127.0.0.1:8082"),
  BATON_PAYMENTS_URL: z.url().default("http://127.0.0.1:8083"),
});

export async function compose({ log, releaser }: Life, env: NodeJS.ProcessEnv): Promise<void> {
  const config = readConfig(schema, env);
  const mode = readTelemetrySettings(env).asyncMode;
  const note = makeNote<Vocabulary>(log);

  const schemas = [new URL("./schema.sql", import.meta.url), inboxSchema, outboxSchema];
  const db = releaser.add("database", await openDatabase(config.BATON_POSTGRES_URL, schemas, log), (d) =>
    d.close(),
  );
  const nats = releaser.add("nats", await connectNats(config.BATON_NATS_URL, "orders"), (n) => n.close());
  await ensureStreams(nats, config.BATON_NATS_REPLICAS);
  const inventory = releaser.add("inventory", rpcClient(InventoryService, config.BATON_INVENTORY_URL), (c) =>
    c.close(),
  );
  const payments = releaser.add("payments", rpcClient(PaymentService, config.BATON_PAYMENTS_URL), (c) =>
    c.close(),
  );

  const orders = orderStore(db);
  const stock = inventoryOver(inventory.call);
  const checkout = makeCheckout({
    orders,
    inventory: { ...stock, release: traced("compensate", stock.release, { [BATON.compensation]: true }) },
    payments: paymentsOver(payments.call),
    note,
    newId: randomUUID,
  });
  const getOrder = async (orderId: string) => {
    const order = await orders.find(orderId);
    if (order === undefined) throw new AppError("not_found", "there is no order with this id");
    note("order.read", { orderId });
    return order;
  };

  releaser.add("relay", await startRelay(db, eventStream(nats), mode, log), (r) => r.stop());
  releaser.add("outbox gauges", watchOutbox(db), (end) => end());
  const shipped = { group: "orders", type: "OrderShipped", handle: makeMarkShipped(orders, note) };
  releaser.add("consumer", await subscribe(shipped, { nats, mode, log }), (c) => c.stop());
  releaser.add("consumer gauges", watchConsumers(nats, [shipped]), (end) => end());
  releaser.add("stream gauges", watchStreams(nats), (end) => end());
  const ready = async () => {
    await db.query("SELECT 1");
    await nats.ready();
  };
  const server = await serveRpc({
    host: config.BATON_HOST,
    port: config.BATON_PORT,
    log,
    services: [OrderService],
    routes: ordersRoutes({ checkout, getOrder }),
    ready,
  });
  releaser.add("server", server, (s) => s.close());
}
