import { randomUUID } from "node:crypto";
import * as z from "zod";
import { PAYMENT_COMMANDS } from "../_contracts/commands.ts";
import { eventsTo } from "../_contracts/events.ts";
import { AccountService } from "../_contracts/gen/baton/accounts/v1/accounts_pb.js";
import { InventoryService } from "../_contracts/gen/baton/inventory/v1/inventory_pb.js";
import { OrderService } from "../_contracts/gen/baton/orders/v1/orders_pb.js";
import { PaymentService } from "../_contracts/gen/baton/payments/v1/payments_pb.js";
import type { Vocabulary } from "../_contracts/vocabulary.ts";
import { watchStreams } from "../_kit/events/gauges.ts";
import { readConfig } from "../_kit/process/config.ts";
import { checkedBy } from "../_kit/process/payload.ts";
import { rpcClient } from "../_kit/rpc/client.ts";
import type { Life } from "../_kit/service/main.ts";
import { partsOf } from "../_kit/service/parts.ts";
import { BATON } from "../_kit/telemetry/conventions.ts";
import type { FaultAt } from "../_kit/telemetry/faults.ts";
import { makeNote, type Note } from "../_kit/telemetry/note.ts";
import { restarted } from "../_kit/telemetry/restart.ts";
import { traced } from "../_kit/telemetry/span.ts";
import { serviceNamed, services } from "../topology.ts";
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

const open = await partsOf(serviceNamed("orders"), services);
const neighbours = z.object({
  BATON_INVENTORY_URL: z.url().default(`http://127.0.0.1:${serviceNamed("inventory").port}`),
  BATON_PAYMENTS_URL: z.url().default(`http://127.0.0.1:${serviceNamed("payments").port}`),
});

/**
 * A step's call ends well before the lease, so that a saga which is only slow is not taken over. It does not end much
 * earlier, because a call that is cut off leaves an order whose outcome is not known.
 */
const callTimeoutMs = (leaseMs: number): number => Math.min(5_000, leaseMs / 2);

export async function compose(life: Life, env: NodeJS.ProcessEnv): Promise<void> {
  const { log, releaser } = life;
  const urls = readConfig(neighbours, env);
  const parts = await open(life, env, { schemas: [new URL("./schema.sql", import.meta.url), usersSchema] });
  const note = makeNote<Vocabulary>(log);
  const leaseMs = parts.settings.BATON_SAGA_LEASE_MS;
  const timeoutMs = callTimeoutMs(leaseMs);

  const inventory = rpcClient(InventoryService, urls.BATON_INVENTORY_URL, timeoutMs);
  releaser.add("inventory", inventory, (c) => c.close());
  const payments = rpcClient(PaymentService, urls.BATON_PAYMENTS_URL, timeoutMs);
  releaser.add("payments", payments, (c) => c.close());

  const orders = orderStore(parts.db, parts.broker, leaseMs);
  const { sweep, ...api } = useCases({
    orders,
    inventory: inventoryOver(inventory.call),
    payments: paymentsOver(payments.call),
    requestRefund: refundsOver(parts.queue(PAYMENT_COMMANDS), timeoutMs),
    fault: parts.fault,
    note,
  });
  const accounts = makeAccounts(userStore(parts.db, parts.broker), note, randomUUID);

  await parts.hear(checkedBy(eventsTo("orders"), { ParcelShipped: makeMarkShipped(orders, note) }));
  releaser.add("stream gauges", watchStreams(parts.broker), (end) => end());
  const sweepFailed = (err: unknown) => log.warn({ err }, "a sweeper's pass failed, the next one follows");
  const sweeper = startSweeper(sweep, parts.settings.BATON_SAGA_SWEEP_MS, sweepFailed);
  releaser.add("sweeper", sweeper, (s) => s.stop());
  await parts.serveRpc({
    services: [OrderService, AccountService],
    routes: (router) => {
      ordersRoutes(api)(router);
      accountsRoutes(accounts)(router);
    },
  });
}

interface Neighbours {
  readonly orders: OrderStore;
  readonly inventory: Inventory;
  readonly payments: Payments;
  readonly requestRefund: CompensateDeps["requestRefund"];
  readonly fault: FaultAt;
  readonly note: Note<Vocabulary>;
}

function useCases({ orders, inventory, payments, requestRefund, fault, note }: Neighbours) {
  const newId = randomUUID;
  const takeStep = makeTakeStep(fault, () => process.kill(process.pid, "SIGKILL"));
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
