import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { freshDatabase, quiet, uniqueName } from "../../../tests/fixtures.ts";
import { patient } from "../../../tests/patience.ts";
import { CatalogService } from "../../_contracts/gen/baton/inventory/v1/catalog_pb.js";
import { type Database, openDatabase } from "../../_kit/database/postgres.ts";
import { testEvents } from "../../_kit/events/cases/broker.fixture.ts";
import { outboxSchema } from "../../_kit/events/outbox.ts";
import type { Listening } from "../../_kit/http/listen.ts";
import { type RpcClient, rpcClient } from "../../_kit/rpc/client.ts";
import { serveRpc } from "../../_kit/rpc/server.ts";
import { makeCatalog } from "./catalog.ts";
import { catalogRoutes } from "./rpc.ts";
import { catalogStore } from "./store.ts";

let db: Database;
let server: Listening;
let client: RpcClient<typeof CatalogService>;

beforeAll(async () => {
  const schemas = [new URL("../schema.sql", import.meta.url), outboxSchema];
  db = await openDatabase(await freshDatabase(inject("postgresUrl")), schemas, quiet);
  server = await serveRpc({
    host: "127.0.0.1",
    port: 0,
    log: quiet,
    services: [CatalogService],
    routes: catalogRoutes(makeCatalog(catalogStore(db, testEvents), () => {})),
    ready: async () => {},
  });
  client = rpcClient(CatalogService, server.url, patient(5_000));
});
afterAll(async () => {
  client.close();
  await server.close();
  await db.close();
});

const fresh = (more: object = {}) => {
  const sku = uniqueName("sku-");
  return { idempotencyKey: `key-of-${sku}`, sku, title: "A bolt", priceCents: 5n, stock: 7n, ...more };
};
const outcome = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => "done",
    (thrown: { code: string; reason?: string }) => thrown.reason ?? thrown.code,
  );
const rows = async (): Promise<unknown[]> => [
  (await db.query("SELECT * FROM products ORDER BY sku")).rows,
  (await db.query("SELECT * FROM restocks ORDER BY idempotency_key")).rows,
  (await db.query("SELECT id FROM outbox ORDER BY id")).rows,
];

test("an item is created, priced, restocked, retired and read", async () => {
  const asked = fresh();
  const { sku } = asked;
  const item = { sku, title: "A bolt", priceCents: 5n, stock: 7n, retired: false, version: 1 };
  expect((await client.call.createItem(asked)).item).toMatchObject(item);
  const priced = { ...item, priceCents: 6n, version: 2 };
  expect((await client.call.setPrice({ sku, priceCents: 6n })).item).toMatchObject(priced);
  const more = { sku, quantity: 3, idempotencyKey: `more-of-${sku}` };
  const restocked = { ...priced, stock: 10n, version: 3 };
  expect((await client.call.restockItem(more)).item).toMatchObject(restocked);
  expect((await client.call.restockItem(more)).item).toMatchObject(restocked);
  const retired = { ...restocked, retired: true, version: 4 };
  expect((await client.call.retireItem({ sku })).item).toMatchObject(retired);
  expect((await client.call.getItem({ sku })).item).toMatchObject(retired);
});

test("an item without a stock is never out of stock, and cannot be restocked", async () => {
  const asked = fresh({ stock: undefined });
  expect((await client.call.createItem(asked)).item?.stock).toBeUndefined();
  expect((await client.call.getItem(asked)).item?.stock).toBeUndefined();
  const more = { sku: asked.sku, quantity: 3, idempotencyKey: `more-of-${asked.sku}` };
  expect(await outcome(client.call.restockItem(more))).toBe("unlimited");
});

test("a refusal has its reason across the wire", async () => {
  const asked = fresh();
  const { sku } = asked;
  await client.call.createItem(asked);
  expect(await outcome(client.call.createItem({ ...asked, title: "Another" }))).toBe(
    "idempotency_key_reused",
  );
  const another = { ...asked, title: "Another", idempotencyKey: `other-key-of-${sku}` };
  expect(await outcome(client.call.createItem(another))).toBe("sku_taken");
  const full = { sku, quantity: 1_000_000, idempotencyKey: `full-${sku}` };
  await db.query("UPDATE products SET stock = 999999999 WHERE sku = $1", [sku]);
  expect(await outcome(client.call.restockItem(full))).toBe("stock_limit");
  await client.call.retireItem({ sku });
  expect(await outcome(client.call.setPrice({ sku, priceCents: 1n }))).toBe("retired");
  expect(await outcome(client.call.getItem({ sku: "nothing" }))).toBe("not_found");
  expect(await outcome(client.call.listItems({ cursor: "made-up", limit: 1 }))).toBe("malformed");
});

test("the list is read page by page, each item once", async () => {
  await client.call.createItem(fresh());
  const seen: string[] = [];
  let cursor = "";
  do {
    const page = await client.call.listItems({ cursor, limit: 2 });
    expect(page.items.length).toBeLessThanOrEqual(2);
    seen.push(...page.items.map(({ sku }) => sku));
    cursor = page.nextCursor;
  } while (cursor !== "");
  const { rows: all } = await db.query<{ sku: string }>("SELECT sku FROM products ORDER BY sku");
  expect(seen).toEqual(all.map(({ sku }) => sku));
});

const SKUS = ["", " ", "a b", "a/b", "a:b", "bolt\n", "\u0000", "é", "s".repeat(65)];

test("a call that does not fit is refused, and nothing is stored", async () => {
  await client.call.createItem(fresh({ sku: "bolt", idempotencyKey: "bolt" }));
  const before = await rows();
  const [create, restock] = [
    (more: object) => client.call.createItem({ ...fresh(), ...more }),
    (more: object) => client.call.restockItem({ sku: "bolt", quantity: 1, idempotencyKey: "k", ...more }),
  ];
  const wrong: [string, Promise<unknown>][] = [
    ...SKUS.flatMap((sku): [string, Promise<unknown>][] => [
      [`create ${JSON.stringify(sku)}`, create({ sku })],
      [`get ${JSON.stringify(sku)}`, client.call.getItem({ sku })],
      [`price ${JSON.stringify(sku)}`, client.call.setPrice({ sku, priceCents: 1n })],
      [`restock ${JSON.stringify(sku)}`, restock({ sku })],
      [`retire ${JSON.stringify(sku)}`, client.call.retireItem({ sku })],
    ]),
    ...["", " ", "a\nb", "\u0000", "t".repeat(201)].map((title): [string, Promise<unknown>] => [
      `title ${JSON.stringify(title)}`,
      create({ title }),
    ]),
    ...[-1n, 1_000_000_000n, 2n ** 63n - 1n].flatMap((priceCents): [string, Promise<unknown>][] => [
      [`create for ${priceCents}`, create({ priceCents })],
      [`price ${priceCents}`, client.call.setPrice({ sku: "bolt", priceCents })],
    ]),
    ...[-1n, 1_000_000_001n, -(2n ** 63n)].map((stock): [string, Promise<unknown>] => [
      `stock ${stock}`,
      create({ stock }),
    ]),
    ...[0, 1_000_001, 2 ** 32 - 1].map((quantity): [string, Promise<unknown>] => [
      `restock ${quantity}`,
      restock({ quantity }),
    ]),
    ...["", "two words", "é", "k".repeat(513)].flatMap((idempotencyKey): [string, Promise<unknown>][] => [
      [`create by ${idempotencyKey}`, create({ idempotencyKey })],
      [`restock by ${idempotencyKey}`, restock({ idempotencyKey })],
    ]),
    ...[0, 101, 2 ** 32 - 1].map((limit): [string, Promise<unknown>] => [
      `limit ${limit}`,
      client.call.listItems({ cursor: "", limit }),
    ]),
    ["cursor", client.call.listItems({ cursor: "c".repeat(513), limit: 1 })],
  ];
  for (const [what, call] of wrong) expect(await outcome(call), what).toBe("invalid");
  expect(await rows()).toEqual(before);
});

test("in JSON as well, a number that is negative, fractional, huge or no number stores nothing", async () => {
  const before = await rows();
  const post = (method: string, body: object) =>
    fetch(`${server.url}/baton.inventory.v1.CatalogService/${method}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
  for (const number of [-1, 1.5, 1e300, "-5", "1e99", "lots", true, [], {}]) {
    const item = { idempotencyKey: "j", sku: "json", title: "A bolt" };
    for (const [method, body] of [
      ["CreateItem", { ...item, priceCents: number }],
      ["CreateItem", { ...item, priceCents: 1, stock: number }],
      ["SetPrice", { sku: "bolt", priceCents: number }],
      ["RestockItem", { idempotencyKey: "j", sku: "bolt", quantity: number }],
    ] as const) {
      const answer = await post(method, body);
      expect([answer.status, await answer.json()], `${method} ${JSON.stringify(number)}`).toMatchObject([
        400,
        { code: "invalid_argument" },
      ]);
    }
  }
  expect(await rows()).toEqual(before);
});
