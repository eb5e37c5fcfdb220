import { expect, test, vi } from "vitest";
import { EVENTS } from "../_contracts/events.ts";
import type { StatusChange } from "./ports.ts";
import { StatusFeed } from "./status-feed.ts";

const at = "2026-01-02T03:04:05.678Z";
const items = [{ sku: "mug", quantity: 1 }];
const payloads: Readonly<Record<string, object>> = {
  OrderConfirmed: { items, totalCents: 1 },
  OrderRejected: { reason: "out_of_stock" },
  OrderShipped: {},
  OrderCancelled: { items, wasConfirmed: true },
  OrderDelivered: {},
};
const told = (type: string, orderId: string) => () => ({ orderId, userId: "ann", at, ...payloads[type] });

function watching(feed: StatusFeed, orderId: string) {
  const changes: StatusChange[] = [];
  const missed = vi.fn(async () => {});
  const unwatch = feed.watch(orderId, { changed: (change) => changes.push(change), missed });
  return { changes, missed, unwatch };
}

test("each event of an order is told to its watchers as the state that the order came into", () => {
  const feed = new StatusFeed();
  const [one, two, other] = [watching(feed, "o-1"), watching(feed, "o-1"), watching(feed, "o-2")];
  for (const type of Object.keys(payloads)) feed.take(type, told(type, "o-1"));
  expect(one.changes).toEqual([
    { position: 2, status: "CONFIRMED", reason: "", at },
    { position: 2, status: "REJECTED", reason: "out_of_stock", at },
    { position: 3, status: "SHIPPED", reason: "", at },
    { position: 3, status: "CANCELLED", reason: "", at },
    { position: 4, status: "DELIVERED", reason: "", at },
  ]);
  expect(two.changes).toEqual(one.changes);
  expect(other.changes).toEqual([]);
});

test("every event of the contract that tells an order's state is known", () => {
  expect(
    Object.keys(EVENTS)
      .filter((type) => type.startsWith("Order"))
      .toSorted(),
  ).toEqual(Object.keys(payloads).toSorted());
});

test("an event is not parsed without a watcher, nor when it tells of no order", () => {
  const feed = new StatusFeed();
  const payload = vi.fn(told("OrderShipped", "o-1"));
  feed.take("OrderShipped", payload);
  watching(feed, "o-1");
  for (const type of ["UserCreated", "PaymentRefunded", "toString", "__proto__"]) feed.take(type, payload);
  expect(payload).not.toHaveBeenCalled();
});

test("an event that is not what its type says is refused", () => {
  const feed = new StatusFeed();
  const { changes } = watching(feed, "o-1");
  expect(() => feed.take("OrderShipped", () => ({ orderId: "o-1" }))).toThrow();
  expect(changes).toEqual([]);
});

test("a watcher that has stopped is told nothing more, and nothing of it is kept", async () => {
  const feed = new StatusFeed();
  const [one, two] = [watching(feed, "o-1"), watching(feed, "o-1")];
  one.unwatch();
  one.unwatch();
  feed.take("OrderShipped", told("OrderShipped", "o-1"));
  await feed.missed();
  expect([one.changes.length, one.missed.mock.calls.length]).toEqual([0, 0]);
  expect([two.changes.length, two.missed.mock.calls.length]).toEqual([1, 1]);
  two.unwatch();
  expect(feed.watched).toBe(0);
  const three = watching(feed, "o-1");
  two.unwatch();
  expect(feed.watched).toBe(1);
  three.unwatch();
});

test("after missed events the watchers look one after the other", async () => {
  const feed = new StatusFeed();
  let under = 0;
  const most: number[] = [];
  for (const orderId of ["o-1", "o-1", "o-2"]) {
    feed.watch(orderId, {
      changed: () => {},
      missed: async () => {
        under += 1;
        most.push(under);
        await Promise.resolve();
        under -= 1;
      },
    });
  }
  await feed.missed();
  expect(most).toEqual([1, 1, 1]);
});
