/** The catalogue over the public API, against the whole shop: what is written there is what can be ordered. */
import { beforeAll, expect, test } from "vitest";
import { fulfilment, JOURNEYS } from "../load/hops.ts";
import { eventually } from "./fixtures.ts";
import { onePlayground } from "./one-playground.ts";
import type { TestPlayground } from "./playground.ts";

let playground: TestPlayground;

beforeAll(async () => {
  playground = await onePlayground();
});

const ask: TestPlayground["ask"] = (...request) => playground.ask(...request);
const order = (sku: string, quantity: number) => ({
  userId: "cat",
  items: [{ sku, quantity }],
  payment: { token: "tok_visa" },
});

/** The audit log's entries about an item, oldest first. */
const auditOf = (sku: string, count: number) =>
  eventually(`${count} entries about ${sku} in the audit log`, async () => {
    const rows = await playground.rows<{ type: string; user_id: string | null }>(
      "analytics",
      `SELECT type, user_id FROM audit WHERE sku = '${sku}'`,
    );
    return rows.length >= count ? rows : undefined;
  });

test("an item is sold for its price until its stock is gone, again once it is restocked, and not once it is retired", async () => {
  const sku = "cat-lamp";
  const lamp = { sku, title: "A lamp", priceCents: 1_999, stock: 1 };
  const made = await ask("POST", "/v1/items", lamp);
  expect(made).toMatchObject({ status: 201, body: { ...lamp, version: 1 } });
  expect(made.headers.get("location")).toBe(`/api/v1/items/${sku}`);
  expect(await ask("POST", "/v1/items", lamp), "repeated").toMatchObject({
    status: 201,
    body: { version: 1 },
  });

  const first = await ask("POST", "/v1/checkouts", order(sku, 1));
  expect(first.status).toBe(201);
  expect(await ask("GET", `/v1/items/${sku}`)).toMatchObject({ status: 200, body: { stock: 0, version: 1 } });
  expect(await ask("POST", "/v1/checkouts", order(sku, 1))).toMatchObject({
    status: 409,
    body: { type: "urn:baton:problem:out-of-stock" },
  });

  const key = { "idempotency-key": "lamps" };
  for (const _ of [1, 2])
    expect(await ask("POST", `/v1/items/${sku}/restocks`, { quantity: 2 }, key)).toMatchObject({
      status: 200,
      body: { stock: 2, version: 2 },
    });
  expect(await ask("PUT", `/v2/items/${sku}/price`, { amount: "25.00", currency: "EUR" })).toMatchObject({
    status: 200,
    body: { data: { price: { amount: "25.00" }, version: 3 } },
  });
  const delayed = { baggage: `fault=${encodeURIComponent("shipping.pick:failed*4")}` };
  const second = await ask("POST", "/v1/checkouts", order(sku, 1), delayed);
  expect(await ask("GET", `/v1/orders/${second.body.orderId}`)).toMatchObject({
    body: { totalCents: 2_500 },
  });

  expect(await ask("DELETE", `/v1/items/${sku}`)).toMatchObject({
    status: 200,
    body: { retired: true, stock: 1 },
  });
  const refused = await ask("POST", "/v1/checkouts", order(sku, 1));
  expect(refused).toMatchObject({ status: 409, body: { type: "urn:baton:problem:retired" } });
  expect((await ask("DELETE", `/v1/orders/${second.body.orderId}`)).status).toBe(200);
  expect(await ask("GET", `/v1/items/${sku}`), "given back").toMatchObject({
    body: { stock: 2, version: 4 },
  });

  const audited = await auditOf(sku, 4);
  expect(audited).toEqual(Array(4).fill({ type: "ItemChanged", user_id: null }));
  await playground.journey(String(first.body.traceId), fulfilment);
  await playground.journey(String(made.body.traceId), JOURNEYS["add an item"]);
});

test("the catalogue is read by pages, and what is no longer sold is in it, too", async () => {
  const seen = new Map<string, boolean>();
  let next = "";
  do {
    const { status, body } = await ask("GET", `/v1/items?limit=3${next}`);
    expect(status).toBe(200);
    const items = body.items as { sku: string; retired: boolean }[];
    for (const { sku, retired } of items) seen.set(sku, retired);
    next = body.nextCursor === undefined ? "" : `&cursor=${body.nextCursor}`;
  } while (next !== "");
  const all = await playground.rows<{ sku: string; retired: boolean }>(
    "inventory",
    "SELECT sku, retired FROM products",
  );
  expect([...seen].toSorted()).toEqual(all.map(({ sku, retired }) => [sku, retired]).toSorted());
  expect([...seen.values()]).toContain(true);
});
