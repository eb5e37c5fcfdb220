/** 10,000 good and bad calls to the catalogue on a real Postgres: in JSON, where more can be wrong than in protobuf. */
import fc from "fast-check";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { freshDatabase, quiet, uniqueName } from "../../../tests/fixtures.ts";
import { CatalogService } from "../../_contracts/gen/baton/inventory/v1/catalog_pb.js";
import { type Database, openDatabase } from "../../_kit/database/postgres.ts";
import { testEvents } from "../../_kit/events/cases/broker.fixture.ts";
import { outboxSchema } from "../../_kit/events/outbox.ts";
import type { Listening } from "../../_kit/http/listen.ts";
import { serveRpc } from "../../_kit/rpc/server.ts";
import { makeCatalog } from "./catalog.ts";
import type { CatalogStore } from "./ports.ts";
import { catalogRoutes } from "./rpc.ts";
import { catalogStore } from "./store.ts";

const CASES = 10_000;
const AT_ONCE = 50;
let db: Database;
let store: CatalogStore;
let server: Listening;

beforeAll(async () => {
  const schemas = [new URL("../schema.sql", import.meta.url), outboxSchema];
  db = await openDatabase(await freshDatabase(inject("postgresUrl")), schemas, quiet);
  store = catalogStore(db, testEvents);
  server = await serveRpc({
    host: "127.0.0.1",
    port: 0,
    log: quiet,
    services: [CatalogService],
    routes: catalogRoutes(makeCatalog(store, () => {})),
    ready: async () => {},
  });
  for (const sku of ["bolt", "nut"])
    await store.create({ sku, idempotencyKey: sku, title: "A bolt", priceCents: 5, stock: 0 });
});
afterAll(async () => {
  await server.close();
  await db.close();
});

const hostile = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  fc.constantFrom(
    -1,
    1.5,
    1e12,
    2 ** 32,
    -(2 ** 31),
    "",
    " ",
    "1e999",
    "-0",
    "9".repeat(400),
    "\u0000",
    "\u202e\n",
    "x".repeat(5_000),
  ),
);
const mostly = <T>(good: fc.Arbitrary<T>): fc.Arbitrary<unknown> =>
  fc.oneof({ weight: 6, arbitrary: good }, { weight: 1, arbitrary: hostile });
/** Each call has a key of its own, and each new item a SKU of its own. */
const own = (start: string) => fc.constant(null).map(() => uniqueName(start));
const call = fc.oneof(
  fc.record({
    method: fc.constant("CreateItem"),
    idempotencyKey: mostly(own("k-")),
    sku: mostly(own("sku-")),
    title: mostly(fc.stringMatching(/^[a-z]{1,20}$/)),
    priceCents: mostly(fc.integer({ min: 0, max: 999_999_999 })),
    stock: mostly(fc.option(fc.integer({ min: 0, max: 1_000_000_000 }), { nil: undefined })),
  }),
  fc.record({
    method: fc.constant("RestockItem"),
    idempotencyKey: mostly(own("k-")),
    sku: mostly(fc.constantFrom("bolt", "nut")),
    quantity: mostly(fc.integer({ min: 1, max: 1_000 })),
  }),
  fc.record({
    method: fc.constant("SetPrice"),
    sku: mostly(fc.constantFrom("bolt", "nut")),
    priceCents: mostly(fc.integer({ min: 0, max: 20 })),
  }),
  fc.record({
    method: fc.constantFrom("GetItem", "RetireItem"),
    sku: mostly(fc.constant("no-such-item")),
  }),
  fc.record({
    method: fc.constant("ListItems"),
    cursor: hostile,
    limit: mostly(fc.integer({ min: 1, max: 9 })),
  }),
);
type Call = typeof call extends fc.Arbitrary<infer C> ? C : never;

const answers: number[] = [];
const created = new Set<unknown>(["bolt", "nut"]);
const added = new Map<unknown, number>();

async function send({ method, ...body }: Call): Promise<void> {
  const response = await fetch(`${server.url}/baton.inventory.v1.CatalogService/${method}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  answers.push(response.status);
  expect([200, 400, 404, 409], text).toContain(response.status);
  expect(text).not.toMatch(/node_modules|\.ts:|\bat .*\(/);
  if (response.status !== 200) return;
  const { item } = JSON.parse(text) as { item?: { sku: string } };
  if (method === "CreateItem") created.add(item?.sku);
  if (method === "RestockItem" && "quantity" in body)
    added.set(item?.sku, (added.get(item?.sku) ?? 0) + Number(body.quantity));
}

test(`${CASES} calls, many of them wrong: each is answered, and the catalogue is what was accepted, told change by change`, async () => {
  const batch = async (calls: readonly Call[]) => {
    await Promise.all(calls.map(send));
  };
  const calls = fc.array(call, { minLength: AT_ONCE, maxLength: AT_ONCE });
  await fc.assert(fc.asyncProperty(calls, batch), { numRuns: CASES / AT_ONCE, endOnFailure: true });
  expect(answers.length).toBeGreaterThanOrEqual(CASES);
  // There must be enough of both for this to show anything.
  for (const status of [200, 400])
    expect(answers.filter((answer) => answer === status).length).toBeGreaterThan(CASES / 20);

  const { rows } = await db.query<{ sku: string; version: number; told: string }>(
    `SELECT sku, version, told FROM products
     LEFT JOIN (SELECT payload->>'sku' AS sku, count(*) AS told FROM outbox GROUP BY 1) AS events USING (sku)
     WHERE created_as IS NOT NULL`,
  );
  expect(new Set(rows.map(({ sku }) => sku))).toEqual(created);
  for (const { sku, version, told } of rows) expect(Number(told), sku).toBe(version);
  for (const sku of ["bolt", "nut"]) {
    expect(added.get(sku)).toBeGreaterThan(0);
    expect(await store.find(sku)).toMatchObject({ stock: added.get(sku), retired: false });
  }
});
