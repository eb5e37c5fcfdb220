import { expect, test, vi } from "vitest";
import type { Vocabulary } from "../_contracts/vocabulary.ts";
import type { Note } from "../_kit/telemetry/note.ts";
import type { Order } from "./order.ts";
import type { Listed, Reading } from "./ports.ts";
import { makeReadOrders } from "./read-orders.ts";
import { waiting } from "./shop.fixture.ts";

const order = (orderId: string): Order => {
  const times = { createdAt: new Date(0), updatedAt: new Date(0) };
  return { orderId, userId: "ann", status: "PENDING", reason: "", items: [], totalCents: 1, ...times };
};

/** `count` orders, `o-1` the newest. */
function reading(count = 0) {
  const all = Array.from({ length: count }, (_, n): Listed => {
    const place = { createdAt: "2026-11-21T08:00:00.123456Z", orderId: `o-${n + 1}` };
    return { order: order(place.orderId), place };
  });
  const page = vi.fn<Reading["page"]>(async (_user, after, limit) => {
    const from = after ? all.findIndex(({ place }) => place.orderId === after.orderId) + 1 : 0;
    return all.slice(from, from + limit);
  });
  const note = vi.fn<Note<Vocabulary>>();
  const orders = makeReadOrders(
    { page, find: async () => undefined, findByKey: async () => undefined, history: async () => [] },
    note,
  );
  return { orders, page, note };
}
const list = { userId: "ann", cursor: "", limit: 0 };
async function all<T>(listed: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const each of listed) found.push(each);
  return found;
}
const idsOf = (listed: readonly { order: Order }[]) => listed.map((each) => each.order.orderId);

test("a list is read page by page, the next one only when the last one is taken", async () => {
  const { orders, page, note } = reading(250);
  const listed: { order: Order }[] = [];
  for await (const each of orders.list(list, waiting)) {
    listed.push(each);
    if (listed.length === 100) expect(page).toHaveBeenCalledTimes(1);
  }
  expect(idsOf(listed)).toEqual(Array.from({ length: 250 }, (_, n) => `o-${n + 1}`));
  expect(page.mock.calls.map(([, , limit]) => limit)).toEqual([100, 100, 100]);
  expect(note.mock.calls).toEqual([["orders.listed", { userId: "ann", count: 250 }]]);
});

test("a limit is kept, and the cursor of the last one goes on behind it", async () => {
  const { orders, page } = reading(5);
  const first = await all(orders.list({ ...list, limit: 2 }, waiting));
  expect(idsOf(first)).toEqual(["o-1", "o-2"]);
  expect(page.mock.lastCall?.[2]).toBe(2);
  const rest = await all(orders.list({ ...list, cursor: first[1]?.cursor ?? "" }, waiting));
  expect(idsOf(rest)).toEqual(["o-3", "o-4", "o-5"]);
  expect(await all(orders.list({ ...list, cursor: rest[2]?.cursor ?? "" }, waiting))).toEqual([]);
});

test("a list ends when its reader has gone, and reads no further page", async () => {
  const { orders, page } = reading(250);
  const gone = new AbortController();
  const listed: { order: Order }[] = [];
  for await (const each of orders.list(list, gone.signal)) {
    listed.push(each);
    if (listed.length === 30) gone.abort();
  }
  expect(listed).toHaveLength(30);
  expect(page).toHaveBeenCalledTimes(1);
});

const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
test("a cursor that did not come from here is malformed, and reaches no database", async () => {
  const { orders, page } = reading(1);
  const madeUp = [
    "x",
    "{}",
    "🙂",
    encoded(null),
    encoded(["2026-11-21T08:00:00.123456Z"]),
    encoded(["2026-11-21T08:00:00.123456Z", "o-1\u0000"]),
    encoded(["2026-11-21T08:00:00.123456Z", ""]),
    encoded(["0000-01-01T00:00:00.000000Z", "o-1"]),
    encoded(["now()", "o-1"]),
    encoded(["2026-13-41T08:00:00.123456Z", "o-1"]),
  ];
  for (const cursor of madeUp) {
    const listing = all(orders.list({ ...list, cursor }, waiting));
    await expect(listing, cursor).rejects.toMatchObject({ code: "malformed", message: /cursor/ });
  }
  expect(page).not.toHaveBeenCalled();
});

test("an unknown order is not found, nor is its history", async () => {
  const { orders } = reading();
  await expect(orders.get("nobody")).rejects.toMatchObject({ code: "not_found" });
  await expect(orders.history("nobody")).rejects.toMatchObject({ code: "not_found" });
});
