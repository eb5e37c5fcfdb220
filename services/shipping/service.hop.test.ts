import { Queue } from "bullmq";
import { afterAll, beforeAll, expect, test } from "vitest";
import { eventually, uniqueName } from "../../tests/fixtures.ts";
import { type InProcess, inProcess } from "../../tests/in-process.ts";
import { inRequest, startTestTelemetry } from "../../tests/telemetry.ts";
import { EVENTS } from "../_contracts/events.ts";
import { PREFIX } from "../_kit/jobs/queue.ts";
import { compose } from "./service.ts";

const telemetry = startTestTelemetry();
let service: InProcess;
beforeAll(async () => {
  service = await inProcess(compose);
});
afterAll(async () => {
  await service.stop();
  await telemetry.stop();
});

const at = "2026-01-02T03:04:05.678Z";
const items = [{ sku: "mug", quantity: 1 }];
const order = () => ({ orderId: uniqueName("o-"), userId: uniqueName("u-") });
type Order = ReturnType<typeof order>;

const confirmed = (one: Order) => service.publish("OrderConfirmed", { ...one, items, totalCents: 899, at });
const cancelled = (one: Order) =>
  service.publish("OrderCancelled", { ...one, items, wasConfirmed: true, at });

interface ShipmentRow {
  picked_at: Date | null;
  packed_at: Date | null;
  shipped_at: Date | null;
  cancelled_at: Date | null;
}
const rowOf = async ({ orderId }: Order) =>
  (await service.db.query<ShipmentRow>("SELECT * FROM shipments WHERE order_id = $1", [orderId])).rows[0];
const shipped = (one: Order) =>
  eventually(`${one.orderId} to be shipped`, async () => ((await rowOf(one))?.shipped_at ? true : undefined));
const isOff = (one: Order) =>
  eventually(`${one.orderId} to be off`, async () => ((await rowOf(one))?.cancelled_at ? true : undefined));
const shippedEventsOf = async ({ orderId }: Order) =>
  (
    await service.db.query<{ payload: unknown }>(
      "SELECT payload FROM outbox WHERE type = 'ParcelShipped' AND payload->>'orderId' = $1",
      [orderId],
    )
  ).rows.map(({ payload }) => EVENTS.ParcelShipped.schema.parse(payload));

/** Waits until all three jobs of an order's event are done. */
const jobsDone = (eventId: string) =>
  Promise.all(
    ["pick", "pack", "ship"].map((step) =>
      telemetry.ended(`process shipping.${step}`, 1, {
        "messaging.message.id": `${step}-${eventId}`,
        "baton.delivery.outcome": "ack",
      }),
    ),
  );

test("an order that is confirmed is picked, packed and shipped, and an event says when", async () => {
  const one = order();
  await confirmed(one);
  await shipped(one);
  const row = await rowOf(one);
  expect(row).toMatchObject({ picked_at: expect.any(Date), packed_at: expect.any(Date), cancelled_at: null });
  expect(await shippedEventsOf(one)).toEqual([{ ...one, at: row?.shipped_at?.toISOString() }]);
});

test("a confirmation that comes after the cancel of its order starts nothing", async () => {
  const one = order();
  await cancelled(one);
  const late = await confirmed(one);
  await telemetry.one("process events.OrderConfirmed", { "messaging.message.id": late });
  expect(await rowOf(one)).toMatchObject({
    picked_at: null,
    shipped_at: null,
    cancelled_at: expect.any(Date),
  });
  expect(telemetry.find("create shipping.pick", { "messaging.message.id": `pick-${late}` })).toEqual([]);
});

test("an order that is cancelled while its jobs wait goes no further, and its jobs succeed", async () => {
  const one = order();
  const queue = new Queue("shipping", { connection: service.redis, prefix: PREFIX, skipMetasUpdate: true });
  await queue.pause();
  const eventId = await confirmed(one);
  await telemetry.one("process events.OrderConfirmed", { "messaging.message.id": eventId });
  await cancelled(one);
  await isOff(one);
  await queue.resume();
  await queue.close();
  await jobsDone(eventId);
  expect(await rowOf(one)).toMatchObject({ picked_at: null, packed_at: null, shipped_at: null });
  expect(await shippedEventsOf(one)).toEqual([]);
});

test("an order that is cancelled after it has left is recalled", async () => {
  const one = order();
  await confirmed(one);
  await shipped(one);
  await cancelled(one);
  await isOff(one);
  expect(await rowOf(one)).toMatchObject({ shipped_at: expect.any(Date) });
  expect(await shippedEventsOf(one)).toHaveLength(1);
});

test("a pick that fails is retried until it succeeds", async () => {
  const one = order();
  await inRequest({ "correlation.id": "c-2", fault: "shipping.pick:failed*2" }, () => confirmed(one));
  await shipped(one);
  expect(await shippedEventsOf(one)).toHaveLength(1);
});

test("a delayed pick waits until it is due, which does not count as waiting in the queue and leaves time to cancel", async () => {
  const [late, off] = [order(), order()];
  const delayed = (ms: number, one: Order) =>
    inRequest({ "correlation.id": "c-3", fault: `shipping.pick:delayed(${ms})` }, () => confirmed(one));
  const eventId = await delayed(1_000, late);
  await delayed(60_000, off);
  await cancelled(off);
  await isOff(off);
  await shipped(late);
  const message = (step: string) => ({ "messaging.message.id": `${step}-${eventId}` });
  const created = await telemetry.one("create shipping.pick", message("pick"));
  const picked = await telemetry.one("process shipping.pick", message("pick"));
  const ms = ([seconds, nanos]: readonly [number, number]) => seconds * 1_000 + nanos / 1e6;
  expect(ms(picked.startTime) - ms(created.startTime)).toBeGreaterThanOrEqual(999);
  expect(picked.attributes["baton.wait.since"]).toBe("delay");
  expect(await rowOf(off)).toMatchObject({ picked_at: null, shipped_at: null });
});

test("30 orders, cancelled right after their confirmation: each has left and is recalled, or never leaves", async () => {
  const orders = Array.from({ length: 30 }, order);
  const events = await Promise.all(
    orders.map(async (one) => {
      const eventId = await confirmed(one);
      await cancelled(one);
      return eventId;
    }),
  );
  for (const [n, one] of orders.entries()) {
    await isOff(one);
    await jobsDone(events[n] ?? "");
    const left = (await rowOf(one))?.shipped_at != null;
    expect(await shippedEventsOf(one)).toHaveLength(left ? 1 : 0);
  }
});

test("an invalid OrderConfirmed or OrderCancelled is a dead letter at once, and changes nothing", async () => {
  const one = order();
  const wrong = { ...one, items: [], wasConfirmed: "yes", totalCents: -1, at: "yesterday" };
  for (const type of ["OrderConfirmed", "OrderCancelled"]) {
    const eventId = await service.publish(type, wrong);
    const span = await telemetry.one(`process events.${type}`, { "messaging.message.id": eventId });
    expect(span.attributes).toMatchObject({
      "baton.delivery.outcome": "dead-letter",
      "error.type": "invalid",
    });
  }
  expect(await rowOf(one)).toBeUndefined();
});
