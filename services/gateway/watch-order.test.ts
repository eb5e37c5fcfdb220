import { AsyncLocalStorage } from "node:async_hooks";
import { expect, test } from "vitest";
import { AppError } from "../_kit/process/errors.ts";
import type { StatusChange } from "./ports.ts";
import { StatusFeed } from "./status-feed.ts";
import { makeWatchOrder } from "./watch-order.ts";

const at = "2026-01-02T03:04:05.678Z";
const change = (position: number, status: string): StatusChange => ({ position, status, reason: "", at });
const PENDING = change(1, "PENDING");
const CONFIRMED = change(2, "CONFIRMED");
const SHIPPED = change(3, "SHIPPED");
const DELIVERED = change(4, "DELIVERED");
const shipped = () => ({ orderId: "o-1", userId: "ann", at });
const confirmed = () => ({ ...shipped(), items: [{ sku: "mug", quantity: 1 }], totalCents: 1 });

/** Watches o-1, whose history is `history` when it is asked for. */
function watching(history: () => Promise<readonly StatusChange[]>) {
  const feed = new StatusFeed();
  const watch = makeWatchOrder({ history }, feed);
  const abort = new AbortController();
  return { feed, abort, watch: (after: number) => watch("o-1", after, abort.signal) };
}
const all = async (changes: AsyncIterable<StatusChange> | undefined) => {
  const seen: StatusChange[] = [];
  for await (const one of changes ?? []) seen.push(one);
  return seen;
};

test("first comes the history behind what was seen; nothing comes after a final state", async () => {
  const history = async () => [PENDING, CONFIRMED, SHIPPED, DELIVERED];
  const { watch, feed, abort } = watching(history);
  expect(await all(await watch(0))).toEqual([PENDING, CONFIRMED, SHIPPED, DELIVERED]);
  expect(await all(await watch(2))).toEqual([SHIPPED, DELIVERED]);
  expect(await watch(4)).toBeUndefined();
  abort.abort();
  expect(feed.watched).toBe(0);
});

test("a change while the history is read is neither lost nor told twice", async () => {
  const read = Promise.withResolvers<readonly StatusChange[]>();
  const { watch, feed } = watching(() => read.promise);
  const opened = watch(0);
  feed.take("OrderConfirmed", confirmed);
  feed.take("OrderShipped", shipped);
  read.resolve([PENDING, CONFIRMED]);
  const changes = await opened;
  feed.take("OrderDelivered", shipped);
  expect(await all(changes)).toEqual([PENDING, CONFIRMED, SHIPPED, DELIVERED]);
});

test("a change that comes late, behind a newer one, is ignored", async () => {
  const { watch, feed } = watching(async () => [PENDING, CONFIRMED]);
  const changes = await watch(2);
  feed.take("OrderShipped", shipped);
  feed.take("OrderConfirmed", confirmed);
  feed.take("OrderDelivered", shipped);
  expect(await all(changes)).toEqual([SHIPPED, DELIVERED]);
});

test("after a gap the history is read again, within the request that watches", async () => {
  const requests = new AsyncLocalStorage<string>();
  const asked: unknown[] = [];
  let history = [PENDING, CONFIRMED];
  const { watch, feed } = watching(async () => {
    asked.push(requests.getStore());
    return history;
  });
  const changes = await requests.run("r-1", () => watch(0));
  history = [PENDING, CONFIRMED, SHIPPED, DELIVERED];
  await feed.missed();
  expect(await all(changes)).toEqual([PENDING, CONFIRMED, SHIPPED, DELIVERED]);
  expect(asked).toEqual(["r-1", "r-1"]);
});

test("when the history cannot be read again the stream ends, so that its client reconnects", async () => {
  let reads = 0;
  const { watch, feed } = watching(async () => {
    reads += 1;
    if (reads > 1) throw new AppError("unavailable", "orders is away");
    return [PENDING];
  });
  const changes = await watch(0);
  await feed.missed();
  expect(await all(changes)).toEqual([PENDING]);
});

test("a watch ends and is removed when its signal aborts, also while it waits", async () => {
  const { watch, feed, abort } = watching(async () => [PENDING]);
  const seen = all(await watch(0));
  abort.abort();
  expect(await seen).toEqual([PENDING]);
  expect(feed.watched).toBe(0);
});

test("an unknown order is not watched", async () => {
  const { watch, feed } = watching(async () => {
    throw new AppError("not_found", "there is no such order");
  });
  await expect(watch(0)).rejects.toMatchObject({ code: "not_found" });
  expect(feed.watched).toBe(0);
});
