import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { freshDatabase, quiet } from "../../tests/fixtures.ts";
import { type Database, openDatabase } from "../_kit/postgres.ts";
import { type Charge, chargeStore } from "./store.ts";

let db: Database;
beforeAll(async () => {
  const schemas = [new URL("./schema.sql", import.meta.url)];
  db = await openDatabase(await freshDatabase(inject("postgresUrl")), schemas, quiet);
});
afterAll(() => db.close());

const charge = (key: string, n: number, status: Charge["status"]): Charge => ({
  key,
  chargeId: `${key}-${n}`,
  orderId: "o-1",
  userId: "ann",
  amountCents: 2_499,
  status,
});

test("the first charge with a key is kept, and whoever comes later gets that one", async () => {
  const charges = chargeStore(db);
  expect(await charges.find("k-1")).toBeUndefined();
  expect(await charges.keep(charge("k-1", 1, "declined"))).toMatchObject({
    chargeId: "k-1-1",
    status: "declined",
  });
  const kept = { chargeId: "k-1-1", status: "declined" };
  expect(await charges.keep(charge("k-1", 2, "charged"))).toEqual(kept);
  expect(await charges.find("k-1")).toEqual(kept);
});

test("of several charges with one key at once, one is kept and all get its id", async () => {
  const charges = chargeStore(db);
  const kept = await Promise.all(
    Array.from({ length: 12 }, (_, n) =>
      charges.keep(charge("k-2", n, n % 2 === 0 ? "charged" : "declined")),
    ),
  );
  expect(new Set(kept.map(({ chargeId, status }) => `${chargeId} ${status}`)).size).toBe(1);
  const { rows } = await db.query<{ charge_id: string; amount_cents: string }>(
    "SELECT * FROM charges WHERE idempotency_key = 'k-2'",
  );
  expect(rows).toMatchObject([{ charge_id: kept[0]?.chargeId, amount_cents: "2499" }]);
});

test("there is no column in which a card's token could be stored", async () => {
  const { rows } = await db.query<{ column_name: string }>(
    "SELECT column_name FROM information_schema.columns WHERE table_name = 'charges'",
  );
  const expected = ["idempotency_key", "charge_id", "order_id", "user_id", "amount_cents", "status"];
  expect(new Set(rows.map((row) => row.column_name))).toEqual(new Set([...expected, "created_at"]));
});
