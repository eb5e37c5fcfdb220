import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { freePorts } from "../../playground/runner/ports.ts";
import { eventually, uniqueName } from "../../tests/fixtures.ts";
import { type InProcess, inProcess } from "../../tests/in-process.ts";
import { patient } from "../../tests/patience.ts";
import { edges, inRequest, startTestTelemetry } from "../../tests/telemetry.ts";
import { AccountService } from "../_contracts/gen/baton/accounts/v1/accounts_pb.js";
import { type Order, OrderService, OrderStatus } from "../_contracts/gen/baton/orders/v1/orders_pb.js";
import { type RpcClient, rpcClient } from "../_kit/rpc/client.ts";
import { compose as composeInventory } from "../inventory/service.ts";
import { compose as composePayments } from "../payments/service.ts";
import { compose } from "./service.ts";

const telemetry = startTestTelemetry();
let service: InProcess;
let inventory: InProcess;
let payments: InProcess | undefined;
let startPayments: () => Promise<InProcess>;
let client: RpcClient<typeof OrderService>;
let accounts: RpcClient<typeof AccountService>;

beforeAll(async () => {
  const { payments: port } = await freePorts();
  startPayments = () => inProcess(composePayments, { BATON_PORT: String(port) });
  inventory = await inProcess(composeInventory);
  payments = await startPayments();
  service = await inProcess(compose, {
    BATON_INVENTORY_URL: inventory.url,
    BATON_PAYMENTS_URL: `http://127.0.0.1:${port}`,
    // Each call of a step has half of it.
    BATON_SAGA_LEASE_MS: String(patient(1_300)),
    BATON_SAGA_SWEEP_MS: "20",
  });
  client = rpcClient(OrderService, service.url, patient(5_000));
  accounts = rpcClient(AccountService, service.url, patient(5_000));
});
afterAll(async () => {
  client.close();
  accounts.close();
  await service.stop();
  await payments?.stop();
  await inventory.stop();
  await telemetry.stop();
});

const call = (change: object = {}) => ({
  idempotencyKey: uniqueName("key-"),
  requestHash: "hash",
  userId: "ann",
  items: [{ sku: "mug", quantity: 2 }],
  paymentToken: "tok_visa",
  ...change,
});
async function checkout(change: object = {}): Promise<Order> {
  const { order } = await client.call.checkout(call(change));
  if (order === undefined) throw new Error("no order in the answer");
  return order;
}
const statusOf = async (orderId: string) => (await client.call.getOrder({ orderId })).order?.status;
const row = async (process: InProcess | undefined, sql: string, orderId: string) =>
  (await process?.db.query(sql, [orderId]))?.rows[0];
const reservationOf = (orderId: string) =>
  row(inventory, "SELECT released_at FROM reservations WHERE order_id = $1", orderId);
const orderIdOf = async (key: string): Promise<string> =>
  eventually(`the order of ${key}`, async () => {
    const { rows } = await service.db.query<{ order_id: string }>(
      "SELECT order_id FROM orders WHERE idempotency_key = $1",
      [key],
    );
    return rows[0]?.order_id;
  });

test("a checkout has an order and a history, and a repeated call gets the same answer", async () => {
  const asked = call();
  const order = await checkout(asked);
  expect(order).toMatchObject({ status: OrderStatus.CONFIRMED, userId: "ann", totalCents: 1_798n });
  expect((await client.call.getOrder({ orderId: order.orderId })).order).toEqual(order);
  expect(await checkout(asked)).toEqual(order);
  await expect(client.call.checkout({ ...asked, requestHash: "another" })).rejects.toMatchObject({
    code: "invalid",
    reason: "idempotency_key_reused",
  });
  const { entries } = await client.call.getHistory({ orderId: order.orderId });
  expect(entries.map(({ position, status }) => [position, status])).toEqual([
    [1, OrderStatus.PENDING],
    [2, OrderStatus.CONFIRMED],
  ]);
  expect(entries[1]?.at).toEqual(order.updatedAt);
});

test("a list is a stream, newest first, each order with its cursor", async () => {
  const userId = uniqueName("ann");
  const ids: string[] = [];
  for (let n = 0; n < 3; n += 1) ids.unshift((await checkout({ userId })).orderId);
  const listed: { id?: string | undefined; cursor: string }[] = [];
  for await (const { order, cursor } of client.call.listOrders({ userId })) {
    listed.push({ id: order?.orderId, cursor });
  }
  expect(listed.map(({ id }) => id)).toEqual(ids);
  const rest: (string | undefined)[] = [];
  const call = { userId, cursor: listed[0]?.cursor ?? "", limit: 1 };
  for await (const { order } of client.call.listOrders(call)) rest.push(order?.orderId);
  expect(rest).toEqual([ids[1]]);
  const madeUp = async () => {
    for await (const _ of client.call.listOrders({ userId, cursor: "made up" })) expect.unreachable();
  };
  await expect(madeUp()).rejects.toMatchObject({ code: "malformed" });
});

test("an invalid request is refused with a message that says what is valid, and nothing is stored", async () => {
  const before = await service.db.query("SELECT 1 FROM orders");
  for (const [change, message] of [
    [{ idempotencyKey: "" }, /idempotencyKey: visible ASCII/],
    [{ items: Array.from({ length: 51 }, () => ({ sku: "mug", quantity: 1 })) }, /items/],
    [{ items: [{ sku: "mug", quantity: 4_294_967_295 }] }, /items\.0\.quantity/],
    [{ userId: "\u0000" }, /userId: letters/],
  ] as const) {
    await expect(checkout(change)).rejects.toMatchObject({ code: "invalid", message });
  }
  await expect(client.call.cancelOrder({ orderId: "a/b" })).rejects.toMatchObject({ code: "invalid" });
  expect((await service.db.query("SELECT 1 FROM orders")).rows).toHaveLength(before.rows.length);
});

test("an order is delivered once it was shipped, and not before", async () => {
  const { orderId, userId } = await checkout();
  await expect(client.call.deliverOrder({ orderId })).rejects.toMatchObject({
    reason: "wrong_status",
    extra: { orderStatus: "CONFIRMED" },
  });
  const at = "2026-11-21T08:00:00.500Z";
  await service.publish("ParcelShipped", { orderId, userId, at });
  await eventually("the order to be SHIPPED", async () =>
    (await statusOf(orderId)) === OrderStatus.SHIPPED ? true : undefined,
  );
  expect((await client.call.deliverOrder({ orderId })).order?.status).toBe(OrderStatus.DELIVERED);
  const { entries } = await client.call.getHistory({ orderId });
  expect(entries[2]?.at).toMatchObject({ seconds: BigInt(Date.parse(at)) / 1000n, nanos: 500_000_000 });
});

test("an address that has a user cannot sign up again; a repeated request gets the same user", async () => {
  const email = `${uniqueName("ann-")}@example.org`;
  const asked = { idempotencyKey: uniqueName("key-"), requestHash: "hash", name: "Ann", email };
  const { user } = await accounts.call.createUser(asked);
  expect(user).toMatchObject({ name: "Ann", email });
  expect((await accounts.call.createUser(asked)).user).toEqual(user);
  expect((await accounts.call.getUser({ userId: user?.userId ?? "" })).user).toEqual(user);
  const other = { ...asked, idempotencyKey: uniqueName("key-"), email: email.toUpperCase() };
  await expect(accounts.call.createUser(other)).rejects.toMatchObject({
    code: "already_exists",
    reason: "email_taken",
  });
  const broken = { ...asked, idempotencyKey: uniqueName("key-"), name: "Ann\r\nBcc: all" };
  await expect(accounts.call.createUser(broken)).rejects.toMatchObject({ code: "invalid", message: /name/ });
});

describe("when something goes wrong", () => {
  test("a charge whose answer got lost is looked up, and the order is confirmed", async () => {
    const order = await inRequest({ fault: "payments.charge:lost" }, () => checkout());
    expect(order.status).toBe(OrderStatus.CONFIRMED);
  });

  for (const [how, give] of [
    ["goes away", (abort: AbortController) => ({ signal: abort.signal })],
    // The charge must be under way by then; it has 5 s at most itself.
    ["has no more time", () => ({ timeoutMs: Math.min(patient(200), 3_000) })],
  ] as const) {
    test(`a caller that ${how} in the middle leaves nothing half done: the order is taken up in a new trace, and undone`, async () => {
      const abort = new AbortController();
      const asked = call();
      const correlationId = uniqueName("c-");
      const baggage = { "correlation.id": correlationId, fault: "payments.charge:slow(30000)" };
      await inRequest(baggage, async () => {
        const calling = client.call.checkout(asked, give(abort));
        const failed = expect(calling).rejects.toMatchObject({
          code: how === "goes away" ? "cancelled" : "deadline_exceeded",
        });
        const orderId = await orderIdOf(asked.idempotencyKey);
        await eventually("the charge to be under way", async () =>
          (await row(service, "SELECT 1 FROM sagas WHERE order_id = $1 AND step = 'charge'", orderId))
            ? true
            : undefined,
        );
        abort.abort();
        await failed;
      });
      const orderId = await orderIdOf(asked.idempotencyKey);
      await eventually("the order to be REJECTED", async () =>
        (await statusOf(orderId)) === OrderStatus.REJECTED ? true : undefined,
      );
      expect((await client.call.getOrder({ orderId })).order?.reason).toBe("interrupted");
      expect((await reservationOf(orderId))?.released_at).toBeTruthy();
      await eventually("the charge to be voided", async () =>
        (await row(payments, "SELECT 1 FROM charges WHERE order_id = $1 AND status = 'voided'", orderId))
          ? true
          : undefined,
      );
      const resumed = await telemetry.one("resume checkout", { "correlation.id": correlationId });
      const first = (
        await telemetry.ended("baton.orders.v1.OrderService/Checkout", 2, {
          "correlation.id": correlationId,
        })
      ).find(({ kind }) => kind === 1);
      expect(edges(resumed)).toEqual({
        parent: undefined,
        links: [[first?.spanContext().spanId, "creation"]],
      });
      expect(resumed.attributes).toMatchObject({ "baton.order.id": orderId, "baton.delivery.attempt": 2 });
      const [undone] = await telemetry.ended("compensate", 1, { "correlation.id": correlationId });
      expect(undone?.parentSpanContext?.spanId).toBe(resumed.spanContext().spanId);
    });
  }

  test("an order is cancelled while payments is down, and refunded when it is back", async () => {
    const { orderId } = await checkout();
    await payments?.stop();
    payments = undefined;
    const cancelled = await client.call.cancelOrder({ orderId });
    expect(cancelled.order?.status).toBe(OrderStatus.CANCELLED);
    expect((await client.call.cancelOrder({ orderId })).order).toEqual(cancelled.order);
    expect((await reservationOf(orderId))?.released_at).toBeTruthy();
    payments = await startPayments();
    // The new process has a new database, where the charge never was: the refund voids its key.
    await eventually("the command to be worked off", async () =>
      (await row(payments, "SELECT 1 FROM charges WHERE order_id = $1 AND status = 'voided'", orderId))
        ? true
        : undefined,
    );
  });

  test("while payments cannot be asked, nothing is released; once it can, the order comes to its end", async () => {
    const asked = call();
    await payments?.stop();
    payments = undefined;
    await expect(client.call.checkout(asked)).rejects.toMatchObject({
      code: "deadline_exceeded",
      reason: "outcome_unknown",
    });
    const orderId = await orderIdOf(asked.idempotencyKey);
    const attempts = async () =>
      (await row(service, "SELECT attempts FROM sagas WHERE order_id = $1", orderId))?.attempts;
    await eventually("a sweeper to have tried", async () => ((await attempts()) > 0 ? true : undefined));
    expect(await reservationOf(orderId)).toMatchObject({ released_at: null });
    expect(await statusOf(orderId)).toBe(OrderStatus.PENDING);
    payments = await startPayments();
    await eventually("the order to be REJECTED", async () =>
      (await statusOf(orderId)) === OrderStatus.REJECTED ? true : undefined,
    );
    expect((await reservationOf(orderId))?.released_at).toBeTruthy();
  });
});
