import { expect, test, vi } from "vitest";
import { biting } from "../../tests/fixtures.ts";
import { eventsTo } from "../_contracts/events.ts";
import type { Vocabulary } from "../_contracts/vocabulary.ts";
import type { Note } from "../_kit/telemetry/note.ts";
import { recorders } from "./record.ts";
import type { AnalyticsStore, Recorded } from "./store.ts";

const at = "2026-01-02T23:59:59.678Z";
const order = { orderId: "o-1", userId: "ann" };
const items = [{ sku: "mug", quantity: 2 }];
const confirmed = { id: "e-1", payload: { ...order, items, totalCents: 1_798, at } };
const cancelled = { id: "e-2", payload: { ...order, items, wasConfirmed: true, at } };
const rejected = { id: "e-3", payload: { ...order, reason: "card_declined", at } };
const delivered = { id: "e-4", payload: { ...order, at } };
const refunded = { id: "e-5", payload: { ...order, amountCents: 1_798, at } };
const created = { id: "e-6", payload: { userId: "u-1", name: "Ann", email: "ann@example.test", at } };

const item = { title: "A mug", priceCents: 899, stock: null, retired: false, version: 2 };
const changed = { id: "e-8", payload: { sku: "mug", change: "repriced" as const, ...item, at } };

/** The recorders on a store that takes each event once. `late`: orders whose sale or cancel comes too late to count. */
function recording({ late = [], bite }: { late?: string[]; bite?: string } = {}) {
  const note = vi.fn<Note<Vocabulary>>();
  const seen = new Set<string>();
  const first = (eventId: string, fresh: Recorded): Recorded => {
    if (seen.has(eventId)) return "seen";
    seen.add(eventId);
    return fresh;
  };
  const ofSale = (orderId: string): Recorded => (late.includes(orderId) ? "audited" : "projected");
  const store = {
    audit: vi.fn<AnalyticsStore["audit"]>(async ({ eventId }) => first(eventId, "audited")),
    recordSale: vi.fn<AnalyticsStore["recordSale"]>(async (sale) =>
      first(sale.eventId, ofSale(sale.orderId)),
    ),
    reverseSale: vi.fn<AnalyticsStore["reverseSale"]>(async (sale) =>
      first(sale.eventId, ofSale(sale.orderId)),
    ),
    recordSignup: vi.fn<AnalyticsStore["recordSignup"]>(async ({ eventId }) => first(eventId, "projected")),
  };
  return { record: recorders({ store, fault: biting(bite), note }), store, note };
}

test("every event that the contracts send here has its recorder, and no other", () => {
  const sent = Object.keys(eventsTo("analytics"));
  expect(sent.length).toBeGreaterThan(0);
  expect(Object.keys(recording().record).toSorted()).toEqual(sent.toSorted());
});

test("OrderConfirmed is recorded as a sale once, however often it comes", async () => {
  const { record, store, note } = recording();
  await record.OrderConfirmed(confirmed);
  await record.OrderConfirmed(confirmed);
  expect(store.recordSale.mock.calls[0]).toEqual([
    { eventId: "e-1", type: "OrderConfirmed", ...order, items },
  ]);
  expect(note.mock.calls).toEqual([["sale.recorded", { orderId: "o-1" }]]);
});

test("OrderCancelled reverses the sale once, however often it comes", async () => {
  const { record, store, note } = recording();
  await record.OrderCancelled(cancelled);
  await record.OrderCancelled(cancelled);
  expect(store.reverseSale.mock.calls[0]).toEqual([
    { eventId: "e-2", type: "OrderCancelled", ...order, items },
  ]);
  expect(note.mock.calls).toEqual([["sale.reversed", { orderId: "o-1" }]]);
});

test("no sale is reversed when the order was never confirmed, or when its events come the other way round", async () => {
  const { record, store, note } = recording();
  await record.OrderCancelled({ ...cancelled, payload: { ...cancelled.payload, wasConfirmed: false } });
  expect(store.reverseSale).not.toHaveBeenCalled();
  const other = recording({ late: ["o-1"] });
  await other.record.OrderCancelled(cancelled);
  await other.record.OrderConfirmed(confirmed);
  const audited = (type: string) => ["audit.recorded", { orderId: "o-1", type }];
  expect(note.mock.calls).toEqual([audited("OrderCancelled")]);
  expect(other.note.mock.calls).toEqual([audited("OrderCancelled"), audited("OrderConfirmed")]);
});

test("every other event of an order goes to the audit log once, however often it comes", async () => {
  const { record, store, note } = recording();
  for (const _ of [1, 2]) {
    await record.OrderRejected(rejected);
    await record.OrderShipped({ id: "e-7", payload: delivered.payload });
    await record.OrderDelivered(delivered);
    await record.PaymentRefunded(refunded);
  }
  const types = ["OrderRejected", "OrderShipped", "OrderDelivered", "PaymentRefunded"];
  const ids = ["e-3", "e-7", "e-4", "e-5"];
  const entries = types.map((type, n) => ({ eventId: ids[n], type, ...order }));
  expect(store.audit.mock.calls.slice(0, 4).map(([entry]) => entry)).toEqual(entries);
  expect(note.mock.calls).toEqual(types.map((type) => ["audit.recorded", { orderId: "o-1", type }]));
});

test("a new user is counted once, on the day of signing up, and neither name nor address is kept", async () => {
  const { record, store, note } = recording();
  await record.UserCreated(created);
  await record.UserCreated(created);
  const entry = { eventId: "e-6", type: "UserCreated", userId: "u-1" };
  expect(store.recordSignup.mock.calls[0]).toEqual([entry, "2026-01-02"]);
  expect(note.mock.calls).toEqual([["signup.recorded", { userId: "u-1" }]]);
});

test("a change of an item goes to the audit log by its SKU once, however often it comes", async () => {
  const { record, store, note } = recording();
  await record.ItemChanged(changed);
  await record.ItemChanged(changed);
  expect(store.audit.mock.calls[0]).toEqual([{ eventId: "e-8", type: "ItemChanged", sku: "mug" }]);
  expect(note.mock.calls).toEqual([["item.recorded", { sku: "mug", change: "repriced" }]]);
});

test("with the fault `failed` no event is recorded and each is retried; another kind does nothing", async () => {
  const { record, store, note } = recording({ bite: "failed" });
  for (const attempt of [
    () => record.OrderConfirmed(confirmed),
    () => record.OrderCancelled(cancelled),
    () => record.OrderRejected(rejected),
    () => record.OrderShipped(delivered),
    () => record.OrderDelivered(delivered),
    () => record.PaymentRefunded(refunded),
    () => record.UserCreated(created),
    () => record.ItemChanged(changed),
  ]) {
    await expect(attempt()).rejects.toMatchObject({ code: "unavailable" });
  }
  for (const method of Object.values(store)) expect(method).not.toHaveBeenCalled();
  expect(note).not.toHaveBeenCalled();
  const other = recording({ bite: "generous" });
  await other.record.OrderConfirmed(confirmed);
  expect(other.note).toHaveBeenCalledTimes(1);
});
