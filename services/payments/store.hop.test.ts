import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { eventually, freshDatabase, inWaves, quiet, uniqueName } from "../../tests/fixtures.ts";
import { type Database, openDatabase } from "../_kit/database/postgres.ts";
import { testEvents } from "../_kit/events/cases/broker.fixture.ts";
import { outboxSchema } from "../_kit/events/outbox.ts";
import { type Charge, type ChargeStore, chargeStore } from "./store.ts";

let db: Database;
let charges: ChargeStore;
beforeAll(async () => {
  const schemas = [new URL("./schema.sql", import.meta.url), outboxSchema];
  db = await openDatabase(await freshDatabase(inject("postgresUrl")), schemas, quiet);
  charges = chargeStore(db, testEvents);
});
afterAll(() => db.close());

const charge = (key: string, n = 1, status: Charge["status"] = "charged"): Charge => ({
  key,
  chargeId: `${key}-${n}`,
  orderId: `o-of-${key}`,
  userId: "ann",
  amountCents: 2_499,
  status,
});
const command = (chargeKey: string) => ({ chargeKey, orderId: `o-of-${chargeKey}`, userId: "ann" });
const voided = { status: "voided" };

const refundsOf = async (key: string) =>
  (
    await db.query<{ type: string; payload: Record<string, unknown> }>(
      "SELECT type, payload FROM outbox WHERE payload->>'orderId' = $1",
      [`o-of-${key}`],
    )
  ).rows;

test("the first charge with a key is stored, and later ones get that one", async () => {
  const key = uniqueName("k-");
  expect(await charges.find(key)).toBeUndefined();
  const kept = { chargeId: `${key}-1`, status: "declined" };
  expect(await charges.keep(charge(key, 1, "declined"))).toEqual(kept);
  expect(await charges.keep(charge(key, 2, "charged"))).toEqual(kept);
  expect(await charges.find(key)).toEqual(kept);
});

test("of several charges with one key at once, one is stored and all get its id", async () => {
  const key = uniqueName("k-");
  const kept = await Promise.all(
    Array.from({ length: 12 }, (_, n) => charges.keep(charge(key, n, n % 2 === 0 ? "charged" : "declined"))),
  );
  expect(new Set(kept.map((outcome) => JSON.stringify(outcome))).size).toBe(1);
  const { rows } = await db.query("SELECT * FROM charges WHERE idempotency_key = $1", [key]);
  expect(rows).toMatchObject([{ status: kept[0]?.status, amount_cents: "2499" }]);
});

test("there is no column in which a card's token could be stored", async () => {
  const { rows } = await db.query<{ column_name: string }>(
    "SELECT column_name FROM information_schema.columns WHERE table_name = 'charges'",
  );
  const expected = ["idempotency_key", "charge_id", "order_id", "user_id", "amount_cents", "status"];
  expect(new Set(rows.map((row) => row.column_name))).toEqual(
    new Set([...expected, "refunded_at", "created_at"]),
  );
});

describe("a refund", () => {
  test("gives back what was charged once, with one event that has the charge's amount", async () => {
    const key = uniqueName("k-");
    await charges.keep(charge(key));
    expect(await charges.refund({ ...command(key), userId: "somebody-else" })).toEqual({
      did: "refunded",
      orderId: `o-of-${key}`,
      amountCents: 2_499,
    });
    expect(await charges.refund(command(key))).toEqual({ did: "nothing" });
    expect(await charges.find(key)).toEqual({ status: "charged", chargeId: `${key}-1`, refunded: true });
    const at = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    const payload = { orderId: `o-of-${key}`, userId: "ann", amountCents: 2_499, at };
    expect(await refundsOf(key)).toEqual([{ type: "PaymentRefunded", payload }]);
  });

  test("that comes several times at once has its effect once", async () => {
    const key = uniqueName("k-");
    await charges.keep(charge(key));
    const results = await Promise.all([1, 2, 3, 4].map(() => charges.refund(command(key))));
    expect(results.map(({ did }) => did).toSorted()).toEqual(["nothing", "nothing", "nothing", "refunded"]);
    expect(await refundsOf(key)).toHaveLength(1);
  });

  test("of a declined card gives nothing back", async () => {
    const key = uniqueName("k-");
    await charges.keep(charge(key, 1, "declined"));
    expect(await charges.refund(command(key))).toEqual({ did: "nothing" });
    expect(await charges.find(key)).toMatchObject({ status: "declined" });
    expect(await refundsOf(key)).toEqual([]);
  });

  test("before the charge voids its key for good, and no money moves", async () => {
    const key = uniqueName("k-");
    expect(await charges.refund(command(key))).toEqual({ did: "voided" });
    expect(await charges.refund(command(key))).toEqual({ did: "nothing" });
    expect(await charges.keep(charge(key))).toEqual(voided);
    expect(await charges.keep(charge(key, 2, "declined"))).toEqual(voided);
    expect(await charges.find(key)).toEqual(voided);
    expect(await refundsOf(key)).toEqual([]);
  });

  test("whose event cannot be appended gives nothing back, and can be tried again", async () => {
    const key = uniqueName("k-");
    await charges.keep(charge(key));
    await db.query("ALTER TABLE outbox ADD CONSTRAINT closed CHECK (false) NOT VALID");
    try {
      await expect(charges.refund(command(key))).rejects.toThrow("closed");
    } finally {
      await db.query("ALTER TABLE outbox DROP CONSTRAINT closed");
    }
    expect(await charges.find(key)).toMatchObject({ refunded: false });
    expect(await charges.refund(command(key))).toMatchObject({ did: "refunded" });
  });

  test("and its charge at once, 60 times: either charged and refunded, or voided; never charged and kept", async () => {
    const keys = Array.from({ length: 60 }, () => uniqueName("race-"));
    const results = await inWaves(keys, 4, async (key, n) => {
      const both = [() => charges.keep(charge(key)), () => charges.refund(command(key))];
      if (n % 2 === 0) both.reverse();
      await Promise.all(both.map((one) => one()));
      return { key, events: (await refundsOf(key)).length, now: await charges.find(key) };
    });
    for (const { key, now, events } of results) {
      expect([
        [voided, 0],
        [{ status: "charged", chargeId: `${key}-1`, refunded: true }, 1],
      ]).toContainEqual([now, events]);
    }
  });

  test("waits for a charge that is about to be committed, instead of voiding its key", async () => {
    const key = uniqueName("k-");
    const [inserted, go] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const charging = db.transaction(async (tx) => {
      await chargeStore({ ...db, query: (text, values) => tx.query(text, values) }, testEvents).keep(
        charge(key),
      );
      inserted.resolve();
      await go.promise;
    });
    await inserted.promise;
    const refund = charges.refund(command(key));
    await waitsForALock();
    go.resolve();
    await charging;
    expect(await refund).toMatchObject({ did: "refunded" });
  });
});

/** Resolves when a connection of this database waits for a row of another one. */
const waitsForALock = () =>
  eventually("a connection to wait for a lock", async () => {
    const { rows } = await db.query(
      "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
    );
    return rows[0];
  });
