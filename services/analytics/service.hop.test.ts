import { afterAll, beforeAll, expect, test } from "vitest";
import { eventually, uniqueName } from "../../tests/fixtures.ts";
import { type InProcess, inProcess } from "../../tests/in-process.ts";
import { inRequest, startTestTelemetry } from "../../tests/telemetry.ts";
import { eventsTo } from "../_contracts/events.ts";
import { compose } from "./service.ts";

/** The events that analytics hears. */
const HEARD = Object.keys(eventsTo("analytics"));

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
const order = () => ({ orderId: uniqueName("o-"), userId: uniqueName("u-") });
/** A payload that fits every type of event: each ignores the fields that it does not know. */
const anyEvent = (sku: string) => ({
  ...order(),
  items: [{ sku, quantity: 2 }],
  totalCents: 899,
  amountCents: 899,
  wasConfirmed: true,
  reason: "card_declined",
  name: "Ann",
  email: "ann@post.example",
  sku,
  change: "repriced",
  title: "A mug",
  priceCents: 899,
  stock: null,
  retired: false,
  version: 2,
  at,
  colour: "green",
});

const auditOf = async (eventId: string) =>
  (
    await service.db.query<{
      type: string;
      user_id: string | null;
      order_id: string | null;
      sku: string | null;
    }>("SELECT type, user_id, order_id, sku FROM audit WHERE event_id = $1", [eventId])
  ).rows[0];
const audited = (eventId: string) => eventually(`the audit of ${eventId}`, () => auditOf(eventId));
const salesOf = async (sku: string) =>
  (await service.db.query("SELECT orders, quantity FROM sales WHERE sku = $1", [sku])).rows[0];

test("every event goes to the audit log, also one of a newer shape", async () => {
  expect(HEARD.length).toBe(8);
  for (const type of HEARD) {
    const payload = anyEvent(uniqueName("mug-"));
    const eventId = await service.publish(type, payload);
    const isOfItem = type === "ItemChanged";
    expect(await audited(eventId), type).toEqual({
      type,
      user_id: isOfItem ? null : payload.userId,
      order_id: isOfItem || type === "UserCreated" ? null : payload.orderId,
      sku: isOfItem ? payload.sku : null,
    });
  }
});

test("20 cancelled orders leave no sale, whichever of their two events comes first", async () => {
  const sku = uniqueName("mug-");
  const orders = Array.from({ length: 20 }, () => anyEvent(sku));
  const events = await Promise.all(
    orders.flatMap((payload, n) => {
      const types = ["OrderConfirmed", "OrderCancelled"];
      if (n % 2 === 0) types.reverse();
      return types.map((type) => service.publish(type, payload));
    }),
  );
  const kept = await service.publish("OrderConfirmed", anyEvent(sku));
  for (const eventId of [...events, kept]) await audited(eventId);
  expect(await salesOf(sku)).toEqual({ orders: "1", quantity: "2" });
});

test("a new user is counted once, however often the event comes, and no name is kept", async () => {
  const payload = { ...anyEvent("none"), at: "2001-02-03T23:59:59.999Z" };
  const eventId = await service.publish("UserCreated", payload);
  await service.publish("UserCreated", payload, eventId);
  await telemetry.ended("process events.UserCreated", 2, { "messaging.message.id": eventId });
  const { rows } = await service.db.query("SELECT users FROM signups WHERE day = '2001-02-03'");
  expect(rows).toEqual([{ users: "1" }]);
  const { rows: log } = await service.db.query("SELECT * FROM audit WHERE event_id = $1", [eventId]);
  expect(JSON.stringify(log)).not.toMatch(/Ann|post\.example/);
});

test("an event that cannot be recorded is retried until it is", async () => {
  const eventId = await inRequest({ "correlation.id": "c-1", fault: "analytics.record:failed*2" }, () =>
    service.publish("OrderShipped", { ...order(), at }),
  );
  await audited(eventId);
  const attempts = await telemetry.ended("process events.OrderShipped", 3, {
    "messaging.message.id": eventId,
  });
  expect(attempts.map(({ attributes }) => attributes["baton.delivery.outcome"])).toEqual([
    "retry",
    "retry",
    "ack",
  ]);
});

test("an event of a wrong shape is a dead letter at once, and nothing of it is recorded", async () => {
  for (const type of HEARD) {
    const eventId = await service.publish(type, { ...anyEvent("none"), at: "yesterday" });
    const span = await telemetry.one(`process events.${type}`, { "messaging.message.id": eventId });
    expect(span.attributes, type).toMatchObject({
      "baton.delivery.outcome": "dead-letter",
      "error.type": "invalid",
    });
    expect(await auditOf(eventId), type).toBeUndefined();
  }
});
