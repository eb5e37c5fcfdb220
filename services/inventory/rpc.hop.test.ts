import type { MessageInitShape } from "@bufbuild/protobuf";
import fc from "fast-check";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { freshDatabase, quiet, uniqueName } from "../../tests/fixtures.ts";
import { patient } from "../../tests/patience.ts";
import {
  InventoryService,
  type ReserveRequestSchema,
} from "../_contracts/gen/baton/inventory/v1/inventory_pb.js";
import { type Database, openDatabase } from "../_kit/database/postgres.ts";
import type { Listening } from "../_kit/http/listen.ts";
import { type RpcClient, rpcClient } from "../_kit/rpc/client.ts";
import { serveRpc } from "../_kit/rpc/server.ts";
import { makeQuote } from "./quote.ts";
import { makeRelease, makeReserve } from "./reserve.ts";
import { inventoryRoutes } from "./rpc.ts";
import { inventoryStore } from "./store.ts";

type Sent = MessageInitShape<typeof ReserveRequestSchema>;

const STOCK = 1_000_000_000;
let db: Database;
let server: Listening;
let client: RpcClient<typeof InventoryService>;

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
  client = rpcClient(InventoryService, server.url, patient(5_000));
});
afterAll(async () => {
  client.close();
  await server.close();
  await db.close();
});

async function boltsLeft(): Promise<number> {
  const { rows } = await db.query<{ stock: string }>("SELECT stock FROM products WHERE sku = 'bolt'");
  return Number(rows[0]?.stock);
}
const outcome = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => "taken",
    (thrown: { code: string }) => thrown.code,
  );
const bolts = (...quantities: number[]) => quantities.map((quantity) => ({ sku: "bolt", quantity }));

test("a quote and a reservation accept lines up to their limits and refuse them beyond", async () => {
  const cases: readonly [string, Sent["lines"], string][] = [
    ["none", [], "invalid"],
    ["one", bolts(1), "taken"],
    ["50 of 1,000", bolts(...Array<number>(50).fill(1_000)), "taken"],
    ["51", bolts(...Array<number>(51).fill(1)), "invalid"],
    ["quantity 0", bolts(0), "invalid"],
    ["quantity 1,001", bolts(1_001), "invalid"],
    ["a quantity that is too large behind one that is not", bolts(1, 2 ** 32 - 1), "invalid"],
    ["a SKU without a name", [{ sku: "", quantity: 1 }], "invalid"],
    ["a SKU that is too long", [{ sku: "s".repeat(65), quantity: 1 }], "invalid"],
    ["a SKU with a line break", [{ sku: "bolt\n", quantity: 1 }], "invalid"],
  ];
  for (const [what, lines = [], expected] of cases) {
    const before = await boltsLeft();
    expect(await outcome(client.call.quote({ lines })), what).toBe(expected);
    expect(await outcome(client.call.reserve({ orderId: uniqueName("o-"), lines })), what).toBe(expected);
    const taken = expected === "taken" ? lines.reduce((sum, line) => sum + (line.quantity ?? 0), 0) : 0;
    expect(await boltsLeft(), what).toBe(before - taken);
  }
});

test("an order with an invalid id neither reserves nor releases", async () => {
  for (const orderId of ["", "o".repeat(129), "o 1", "o\u0000"]) {
    expect(await outcome(client.call.reserve({ orderId, lines: bolts(1) }))).toBe("invalid");
    expect(await outcome(client.call.release({ orderId }))).toBe("invalid");
  }
});

test("in JSON as well, a quantity that is negative, fractional, huge or no number takes nothing", async () => {
  const before = await boltsLeft();
  for (const quantity of [-1, 1.5, 1e9, 4_294_967_296, "-5", "lots", null, true]) {
    const response = await fetch(`${server.url}/baton.inventory.v1.InventoryService/Reserve`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ orderId: uniqueName("o-"), lines: [{ sku: "bolt", quantity }] }),
    });
    expect([response.status, await response.json()]).toMatchObject([400, { code: "invalid_argument" }]);
  }
  expect(await boltsLeft()).toBe(before);
});

test("any reservation shrinks stock by what was taken, and its release brings back no more than that", async () => {
  const quantity = fc.oneof(fc.integer({ min: 1, max: 1_000 }), fc.integer({ min: 0, max: 2 ** 32 - 1 }));
  const line = fc.record({ sku: fc.constantFrom("bolt", "bolt", "nut", ""), quantity });
  const lines = fc.oneof(
    fc.array(line, { maxLength: 60 }),
    fc.constant(bolts(...Array<number>(50).fill(1_000))),
  );
  const check = async (sent: { sku: string; quantity: number }[], release: boolean) => {
    const [before, orderId] = [await boltsLeft(), uniqueName("o-")];
    const taken = (await outcome(client.call.reserve({ orderId, lines: sent }))) === "taken";
    const sum = taken ? sent.reduce((total, { quantity: some }) => total + some, 0) : 0;
    expect(await boltsLeft()).toBe(before - sum);
    if (release) await client.call.release({ orderId });
    expect(await boltsLeft()).toBe(release ? before : before - sum);
  };
  await fc.assert(fc.asyncProperty(lines, fc.boolean(), check), { numRuns: 40 });
});
