/** 10,000 good and bad calls to inventory on a real Postgres: in JSON, where more can be wrong than in protobuf. */
import fc from "fast-check";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { freshDatabase, quiet, uniqueName } from "../../tests/fixtures.ts";
import { InventoryService } from "../_contracts/gen/baton/inventory/v1/inventory_pb.js";
import { type Database, openDatabase } from "../_kit/database/postgres.ts";
import type { Listening } from "../_kit/http/listen.ts";
import { serveRpc } from "../_kit/rpc/server.ts";
import { makeQuote } from "./quote.ts";
import { makeRelease, makeReserve } from "./reserve.ts";
import { inventoryRoutes } from "./rpc.ts";
import { inventoryStore } from "./store.ts";

const CASES = 10_000;
const AT_ONCE = 50;
const STOCK = 1_000_000_000_000;
let db: Database;
let server: Listening;

beforeAll(async () => {
  const schemas = [new URL("./schema.sql", import.meta.url)];
  db = await openDatabase(await freshDatabase(inject("postgresUrl")), schemas, quiet);
  await db.query("INSERT INTO products (sku, title, price_cents, stock) VALUES ('bolt', 'A bolt', 5, $1)", [
    STOCK,
  ]);
  const store = inventoryStore(db);
  const note = () => {};
  server = await serveRpc({
    host: "127.0.0.1",
    port: 0,
    log: quiet,
    services: [InventoryService],
    routes: inventoryRoutes({
      quote: makeQuote(store),
      reserve: makeReserve({ store, fault: () => undefined, note }),
      release: makeRelease(store, note),
    }),
    ready: async () => {},
  });
});
afterAll(async () => {
  await server.close();
  await db.close();
});

const hostile = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  fc.constantFrom(
    -1,
    0,
    1.5,
    1e9,
    2 ** 32,
    -(2 ** 31),
    "",
    "1e999",
    "-0",
    "9".repeat(400),
    "\u0000",
    "\u202e",
    "x".repeat(5_000),
  ),
);
const mostly = <T>(good: fc.Arbitrary<T>): fc.Arbitrary<unknown> =>
  fc.oneof({ weight: 6, arbitrary: good }, { weight: 1, arbitrary: hostile });
const line = fc.record(
  {
    sku: mostly(fc.constantFrom("bolt", "bolt", "nut")),
    quantity: mostly(fc.integer({ min: 1, max: 1_000 })),
  },
  { requiredKeys: [] },
);
const many = fc
  .constantFrom(50, 51, 500)
  .map((length) => Array(length).fill({ sku: "bolt", quantity: 1_000 }));
const lines = mostly(
  fc.oneof(
    { weight: 9, arbitrary: fc.array(mostly(line), { minLength: 1, maxLength: 4 }) },
    { weight: 1, arbitrary: many },
  ),
);
const call = fc.record({
  method: fc.constantFrom("Quote", "Reserve", "Reserve", "Release"),
  lines,
  // Each call has its own order: a repeated reservation would be accepted and take nothing.
  orderId: fc.oneof(
    { weight: 6, arbitrary: fc.constant(null).map(() => uniqueName("o-")) },
    { weight: 1, arbitrary: fc.constantFrom("", " ", "\n", "a/b", "o".repeat(129), 7, null, [], {}) },
  ),
});
type Call = typeof call extends fc.Arbitrary<infer C> ? C : never;

let taken = 0;
const answers: number[] = [];

async function send({ method, ...body }: Call): Promise<void> {
  const response = await fetch(`${server.url}/baton.inventory.v1.InventoryService/${method}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  answers.push(response.status);
  expect([200, 400], text).toContain(response.status);
  expect(text).not.toMatch(/node_modules|\.ts:|\bat .*\(/);
  if (response.status !== 200 || method !== "Reserve") return;
  const reserved = body.lines as { quantity: number | string }[];
  taken += reserved.reduce((sum, { quantity }) => sum + Number(quantity), 0);
}

test(`${CASES} calls, many of them wrong: each is answered, and stock shrinks by exactly what was accepted`, async () => {
  const batch = async (calls: readonly Call[]) => {
    await Promise.all(calls.map(send));
  };
  const calls = fc.array(call, { minLength: AT_ONCE, maxLength: AT_ONCE });
  await fc.assert(fc.asyncProperty(calls, batch), { numRuns: CASES / AT_ONCE, endOnFailure: true });
  expect(answers.length).toBeGreaterThanOrEqual(CASES);
  // There must be enough of both for this to show anything.
  for (const status of [200, 400]) {
    expect(answers.filter((answer) => answer === status).length).toBeGreaterThan(CASES / 20);
  }
  expect(taken).toBeGreaterThan(0);
  const { rows } = await db.query("SELECT stock, reserved FROM products WHERE sku = 'bolt'");
  expect(rows).toEqual([{ stock: String(STOCK - taken), reserved: String(taken) }]);
});
