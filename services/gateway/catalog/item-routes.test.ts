import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Asker, accepting, asker } from "../ask.fixture.ts";
import { type Door, openDoor } from "../shop.fixture.ts";

let door: Door;
let ask: Asker["ask"];
let send: Asker["send"];
beforeAll(async () => {
  door = await openDoor();
  ({ ask, send } = asker(door));
});
afterAll(() => door.close());
beforeEach(() => {
  door.catalog.items.clear();
  door.catalog.calls.length = 0;
});

const ITEMS = "/api/v1/items";
const bolt = { sku: "bolt", title: "A bolt", priceCents: 5, stock: 7 };
const shown = { ...bolt, retired: false, version: 1 };
/** The methods that were called, as the fake has recorded them. */
const called = () => door.catalog.calls.map(({ method }) => method);
const reused = { status: 422, body: { type: "urn:baton:problem:idempotency-key-reused" } };

describe("an item", () => {
  test("is created, and found where the answer says", async () => {
    const made = await send("POST", ITEMS, bolt);
    expect(made).toMatchObject({ status: 201, type: "application/json", body: shown });
    expect(made.headers.get("location")).toBe(`${ITEMS}/bolt`);
    expect(await ask(`${ITEMS}/bolt`)).toMatchObject({ status: 200, body: shown });
  });

  test("is the same for the same content, and a conflict for another", async () => {
    await send("POST", ITEMS, bolt);
    expect(await send("POST", ITEMS, bolt)).toMatchObject({ status: 201, body: shown });
    expect(await send("POST", ITEMS, { ...bolt, priceCents: 6 })).toMatchObject({
      status: 409,
      body: { type: "urn:baton:problem:sku-taken" },
    });
  });

  test("is the same for the same key, in either version; another one with the key is refused", async () => {
    const key = { "idempotency-key": "item-1" };
    await send("POST", ITEMS, bolt, key);
    const { priceCents: _cents, ...rest } = bolt;
    const inV2 = { ...rest, price: { amount: "0.05", currency: "EUR" } };
    expect(await send("POST", "/api/v2/items", inV2, key)).toMatchObject({
      status: 201,
      body: { data: { sku: "bolt", price: { amount: "0.05", currency: "EUR" } } },
    });
    expect(await send("POST", ITEMS, { ...bolt, sku: "nut" }, key)).toMatchObject(reused);
  });

  test("that is never out of stock has the stock null", async () => {
    const made = await send("POST", ITEMS, { ...bolt, stock: null });
    expect(made).toMatchObject({ status: 201, body: { ...shown, stock: null } });
    expect(door.catalog.calls[0]?.request).not.toHaveProperty("stock");
    expect((await ask(`${ITEMS}/bolt`)).body.stock).toBeNull();
  });

  test("that does not exist is not found, and text that cannot be a SKU costs no call", async () => {
    for (const [method, path] of [
      ["GET", ""],
      ["DELETE", ""],
      ["PUT", "/price"],
      ["POST", "/restocks"],
    ] as const) {
      const write = path === "/price" ? { priceCents: 1 } : { quantity: 1 };
      const answer = (sku: string) =>
        path === "" ? ask(`${ITEMS}/${sku}`, { method }) : send(method, `${ITEMS}/${sku}${path}`, write);
      expect((await answer("nothing")).status, method).toBe(404);
      const before = door.catalog.calls.length;
      for (const sku of ["%00", "a%20b", "a%2Fb", "x".repeat(65)])
        expect((await answer(sku)).status, `${method} ${sku}`).toBe(404);
      expect(door.catalog.calls.length).toBe(before);
    }
  });

  test("gets another price, in cents or as money", async () => {
    door.catalog.add("bolt", { stock: 7n });
    const put = (base: string, price: object) => send("PUT", `${base}/items/bolt/price`, price);
    expect(await put("/api/v1", { priceCents: 1_234 })).toMatchObject({
      status: 200,
      body: { ...shown, priceCents: 1_234, version: 2 },
    });
    expect(await put("/api/v2", { amount: "9999999.99", currency: "EUR" })).toMatchObject({ status: 200 });
    expect(door.catalog.items.get("bolt")?.priceCents).toBe(999_999_999n);
  });

  test("is restocked once for a key", async () => {
    door.catalog.add("bolt", { stock: 7n });
    door.catalog.add("nut", { stock: 7n });
    const key = { "idempotency-key": "more-1" };
    const restock = (quantity: number, headers = {}, sku = "bolt") =>
      send("POST", `${ITEMS}/${sku}/restocks`, { quantity }, headers);
    expect(await restock(3, key)).toMatchObject({ status: 200, body: { stock: 10, version: 2 } });
    expect(await restock(3, key)).toMatchObject({ status: 200, body: { stock: 10, version: 2 } });
    expect(await restock(4, key)).toMatchObject(reused);
    expect(await restock(3, key, "nut")).toMatchObject(reused);
    expect(await restock(3)).toMatchObject({ status: 200, body: { stock: 13 } });
    expect(await restock(3)).toMatchObject({ status: 200, body: { stock: 16 } });
  });

  test("is retired, and from then on takes neither price nor stock", async () => {
    door.catalog.add("bolt", { stock: 7n });
    const retire = () => ask(`${ITEMS}/bolt`, { method: "DELETE" });
    expect(await retire()).toMatchObject({ status: 200, body: { ...shown, retired: true, version: 2 } });
    expect(await retire()).toMatchObject({ status: 200, body: { retired: true, version: 2 } });
    for (const late of [
      await send("PUT", `${ITEMS}/bolt/price`, { priceCents: 1 }),
      await send("POST", `${ITEMS}/bolt/restocks`, { quantity: 1 }),
    ])
      expect(late).toMatchObject({ status: 409, body: { type: "urn:baton:problem:retired" } });
  });
});

describe("the catalogue", () => {
  const skus = (body: { items: { sku: string }[] }) => body.items.map(({ sku }) => sku);

  test("comes in pages of 20 by SKU, each but the last with a cursor", async () => {
    const all = Array.from({ length: 25 }, (_, n) => door.catalog.add(`sku-${n + 10}`));
    const first = await ask(ITEMS);
    expect(skus(first.body)).toEqual(all.slice(0, 20));
    const second = await ask(`${ITEMS}?cursor=${first.body.nextCursor}`);
    expect(skus(second.body)).toEqual(all.slice(20));
    expect(second.body).not.toHaveProperty("nextCursor");
    const exact = await ask(`${ITEMS}?limit=25`);
    expect([skus(exact.body), exact.body.nextCursor]).toEqual([all, undefined]);
    expect((await ask("/api/v2/items?limit=2")).body).toMatchObject({
      data: [{ sku: all[0] }, { sku: all[1] }],
      meta: { nextCursor: expect.any(String) },
    });
  });

  test("is not listed for an invalid query", async () => {
    for (const [query, names] of [
      ["limit=0", "limit"],
      ["limit=101", "limit"],
      ["limit=1e1", "limit"],
      ["cursor=%00", "cursor"],
      ["cursor=made-up", "cursor"],
    ])
      expect(await ask(`${ITEMS}?${query}`), query).toMatchObject({
        status: 400,
        body: { detail: expect.stringContaining(names ?? "") },
      });
  });
});

test("a body that does not fit is refused, and the answer says where", async () => {
  door.catalog.add("bolt", { stock: 7n });
  const { priceCents: _cents, ...priceless } = bolt;
  const inV2 = (price: unknown) => ({ ...priceless, price });
  const refused: [string, string, object, string][] = [
    ["POST", ITEMS, { ...bolt, priceCents: 0.5 }, "priceCents: "],
    ["POST", ITEMS, { ...bolt, priceCents: 1_000_000_000 }, "priceCents: "],
    ["POST", ITEMS, { ...bolt, stock: -1 }, "stock: "],
    ["POST", ITEMS, { ...bolt, title: "" }, "title: "],
    ["POST", ITEMS, { ...bolt, sku: "a b" }, "sku: "],
    ["POST", ITEMS, { ...bolt, retired: true }, "body: "],
    ["POST", ITEMS, inV2({ amount: "0.05", currency: "EUR" }), "priceCents: "],
    ["POST", "/api/v2/items", bolt, "price: "],
    ["POST", "/api/v2/items", inV2({ amount: 0.05, currency: "EUR" }), "price.amount: "],
    ["POST", "/api/v2/items", inV2({ amount: "0.5", currency: "EUR" }), "price.amount: "],
    ["POST", "/api/v2/items", inV2({ amount: "10000000.00", currency: "EUR" }), "price.amount: "],
    ["POST", "/api/v2/items", inV2({ amount: "-1.00", currency: "EUR" }), "price.amount: "],
    ["POST", "/api/v2/items", inV2({ amount: "01.00", currency: "EUR" }), "price.amount: "],
    ["POST", "/api/v2/items", inV2({ amount: "1.00", currency: "USD" }), "price.currency: "],
    ["PUT", `${ITEMS}/bolt/price`, { priceCents: "1" }, "priceCents: "],
    ["PUT", `${ITEMS}/bolt/price`, {}, "priceCents: "],
    ["PUT", "/api/v2/items/bolt/price", { amount: "1", currency: "EUR" }, "amount: "],
    ["POST", `${ITEMS}/bolt/restocks`, { quantity: 0 }, "quantity: "],
    ["POST", `${ITEMS}/bolt/restocks`, { quantity: 1_000_001 }, "quantity: "],
    ["POST", `${ITEMS}/bolt/restocks`, { quantity: 1, sku: "nut" }, "body: "],
  ];
  for (const [method, path, body, names] of refused)
    expect(await send(method, path, body), `${path} ${JSON.stringify(body)}`).toMatchObject({
      status: 422,
      body: { detail: expect.stringContaining(names) },
    });
  expect(await send("POST", ITEMS, bolt, { "idempotency-key": "two words" })).toMatchObject({
    status: 400,
    body: { detail: expect.stringContaining("Idempotency-Key") },
  });
  expect(called(), "nothing invalid reaches inventory").toEqual([]);
});

describe("where faults are off", () => {
  let closed: Door;
  beforeAll(async () => {
    closed = await openDoor({ faults: false });
    closed.catalog.add("bolt", { stock: 7n });
  });
  afterAll(() => closed.close());

  test("the catalogue can be read", async () => {
    const reading = asker(closed);
    expect(await reading.ask(`${ITEMS}/bolt`)).toMatchObject({ status: 200, body: shown });
    expect((await reading.ask(ITEMS)).body.items).toEqual([shown]);
  });

  test.each([
    ["POST", "", bolt],
    ["PUT", "/bolt/price", { priceCents: 1 }],
    ["POST", "/bolt/restocks", { quantity: 1 }],
    ["DELETE", "/bolt", {}],
    ["POST", "", "what is not valid, either"],
    ["DELETE", "/nothing", {}],
  ])(
    "%s /items%s is refused by a problem that names the setting, whatever its body",
    async (method, path, body) => {
      const before = closed.catalog.calls.length;
      for (const base of ["/api/v1", "/api/v2", "/api"])
        expect(await asker(closed).send(method, `${base}/items${path}`, body), base).toMatchObject({
          status: 403,
          type: "application/problem+json",
          body: {
            type: "urn:baton:problem:faults-off",
            title: "faults off",
            detail: expect.stringContaining("BATON_FAULTS=1"),
          },
        });
      expect(closed.catalog.calls.length).toBe(before);
    },
  );
});

test("other methods and forms are refused, and the answer says which there are", async () => {
  door.catalog.add("bolt");
  for (const [method, path, allowed] of [
    ["PUT", ITEMS, "POST, GET, HEAD"],
    ["PUT", `${ITEMS}/bolt`, "GET, DELETE, HEAD"],
    ["GET", `${ITEMS}/bolt/price`, "PUT"],
    ["GET", `${ITEMS}/bolt/restocks`, "POST"],
  ] as const) {
    const answer = await ask(path, { method });
    expect([answer.status, answer.headers.get("allow")], `${method} ${path}`).toEqual([405, allowed]);
  }
  expect((await ask(`${ITEMS}/bolt`, { method: "HEAD" })).status).toBe(200);
  expect((await ask(`${ITEMS}/bolt`, accepting("text/html"))).status).toBe(406);
  const byAccept = await ask("/api/items/bolt", accepting("application/vnd.baton.v2+json"));
  expect(byAccept.body.data.links.self).toBe("/api/items/bolt");
});

test("a client that goes away does not cancel what it has asked to write", async () => {
  door.catalog.add("bolt", { stock: 7n });
  const { impl } = door.catalog;
  const { restockItem } = impl;
  const [begun, gone] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const ended = Promise.withResolvers<boolean>();
  impl.restockItem = async (request, context) => {
    begun.resolve();
    await gone.promise;
    // A cancellation would have arrived by then: this call comes behind it on the same connection.
    await ask(`${ITEMS}/bolt`);
    ended.resolve(context.signal.aborted);
    return restockItem(request, context);
  };
  const client = new AbortController();
  const lost = fetch(`${door.url}${ITEMS}/bolt/restocks`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ quantity: 1 }),
    signal: client.signal,
  });
  await begun.promise;
  client.abort();
  await expect(lost).rejects.toThrow();
  gone.resolve();
  expect(await ended.promise).toBe(false);
  impl.restockItem = restockItem;
});
