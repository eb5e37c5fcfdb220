import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { freshDatabase, inWaves, quiet, uniqueName } from "../../../tests/fixtures.ts";
import { EVENTS } from "../../_contracts/events.ts";
import { type Database, openDatabase } from "../../_kit/database/postgres.ts";
import { testEvents } from "../../_kit/events/cases/broker.fixture.ts";
import { bucketOf, outboxSchema } from "../../_kit/events/outbox.ts";
import { AppError } from "../../_kit/process/errors.ts";
import { inventoryStore } from "../store.ts";
import type { CatalogStore, Item } from "./ports.ts";
import { catalogStore } from "./store.ts";

const schemas = [new URL("../schema.sql", import.meta.url), outboxSchema];
let url: string;
let db: Database;
let store: CatalogStore;
beforeAll(async () => {
  url = await freshDatabase(inject("postgresUrl"));
  db = await openDatabase(url, schemas, quiet);
  store = catalogStore(db, testEvents);
});
afterAll(() => db.close());

const fresh = (change: object = {}) => {
  const sku = uniqueName("sku-");
  const asked = { sku, idempotencyKey: `key of ${sku}`, title: "A bolt", priceCents: 5, stock: 7 };
  return { ...asked, ...change };
};
/** An item of its own; answers its SKU. */
async function made(change: object = {}): Promise<string> {
  const { kind, item } = await store.create(fresh(change));
  expect(kind).toBe("created");
  return item.sku;
}
/** The events of an item, as its consumers read them, in the order in which they were appended. */
async function eventsOf(sku: string) {
  const { rows } = await db.query<{ type: string; bucket: number; payload: unknown }>(
    "SELECT type, bucket, payload FROM outbox WHERE payload->>'sku' = $1 ORDER BY id",
    [sku],
  );
  for (const { type, bucket } of rows) expect([type, bucket]).toEqual(["ItemChanged", bucketOf(sku)]);
  return rows.map(({ payload }) => EVENTS.ItemChanged.schema.parse(payload));
}
const changesOf = async (sku: string) => (await eventsOf(sku)).map(({ change }) => change);
const price = (sku: string, priceCents: number) =>
  store.change(sku, "repriced", (item) => ({ ...item, priceCents }));
const more = (sku: string, quantity: number, idempotencyKey = uniqueName("r-")) =>
  store.change(sku, "restocked", (item) => ({ ...item, stock: (item.stock ?? 0) + quantity }), {
    ...{ sku, quantity, idempotencyKey },
  });
const retire = (sku: string) => store.change(sku, "retired", (item) => ({ ...item, retired: true }));
const reused = { code: "invalid", reason: "idempotency_key_reused" };

describe("creating", () => {
  test("stores the item with one ItemChanged that its consumers can read, and it is found", async () => {
    const { idempotencyKey, ...asked } = fresh();
    const item: Item = { ...asked, retired: false, version: 1 };
    expect(await store.create({ ...asked, idempotencyKey })).toEqual({ kind: "created", item });
    expect(await store.find(item.sku)).toEqual(item);
    expect(await eventsOf(item.sku)).toEqual([{ ...item, change: "created", at: expect.any(String) }]);
    expect(await store.find("no such item")).toBeUndefined();
  });

  test("an item that is never out of stock has the stock null, in its event, too", async () => {
    const sku = await made({ stock: null });
    expect(await store.find(sku)).toMatchObject({ stock: null });
    expect(await eventsOf(sku)).toMatchObject([{ stock: null }]);
  });

  test("a key makes one item, also when several ask at once, and all get what it was made of", async () => {
    const asked = fresh();
    const as = { title: "A bolt", priceCents: 5, stock: 7 };
    const answers = await Promise.all(Array.from({ length: 6 }, () => store.create(asked)));
    expect(answers.map(({ kind }) => kind).toSorted()).toEqual(["created", ...Array(5).fill("known")]);
    for (const answer of answers)
      expect(answer).toMatchObject({ item: { sku: asked.sku }, ...(answer.kind === "known" && { as }) });
    expect(await changesOf(asked.sku)).toEqual(["created"]);
    const other = { ...fresh(), idempotencyKey: asked.idempotencyKey };
    expect(await store.create(other)).toMatchObject({ kind: "known", item: { sku: asked.sku }, as });
    expect(await store.find(other.sku)).toBeUndefined();
  });

  test("a SKU has one item, also when several ask at once with keys of their own", async () => {
    const asked = fresh();
    const requests = [1, 2, 3, 4].map((n) => ({ ...asked, idempotencyKey: uniqueName("k-"), priceCents: n }));
    const answers = await Promise.all(requests.map((request) => store.create(request)));
    expect(answers.map(({ kind }) => kind).toSorted()).toEqual(["created", "taken", "taken", "taken"]);
    const { priceCents } = (await store.find(asked.sku)) ?? {};
    for (const answer of answers.filter(({ kind }) => kind === "taken"))
      expect(answer).toMatchObject({ as: { priceCents } });
    expect(await changesOf(asked.sku)).toEqual(["created"]);
  });

  test("what an item was created with stays, whatever is changed later", async () => {
    const asked = fresh();
    await store.create(asked);
    await price(asked.sku, 99);
    await more(asked.sku, 3);
    expect(await store.create(asked)).toMatchObject({
      kind: "known",
      item: { priceCents: 99, stock: 10 },
      as: { priceCents: 5, stock: 7 },
    });
  });

  test("an item that the shop opened with is taken, and nothing is known of its creation", async () => {
    const taken = await store.create(fresh({ sku: "mug" }));
    expect(taken).toMatchObject({ kind: "taken", item: { sku: "mug", version: 1 }, as: undefined });
  });
});

describe("a change", () => {
  test("is stored with the next version and its event; the versions of an item come in order", async () => {
    const sku = await made();
    expect(await price(sku, 6)).toMatchObject({ changed: true, item: { priceCents: 6, version: 2 } });
    expect(await more(sku, 3)).toMatchObject({ changed: true, item: { stock: 10, version: 3 } });
    expect(await retire(sku)).toMatchObject({ changed: true, item: { retired: true, version: 4 } });
    const events = await eventsOf(sku);
    expect(events).toMatchObject([
      { change: "created", version: 1, priceCents: 5, stock: 7, retired: false },
      { change: "repriced", version: 2, priceCents: 6, stock: 7, retired: false },
      { change: "restocked", version: 3, priceCents: 6, stock: 10, retired: false },
      { change: "retired", version: 4, priceCents: 6, stock: 10, retired: true },
    ]);
    expect(events.map(({ at }) => at).toSorted()).toEqual(events.map(({ at }) => at));
  });

  test("is none when nothing is decided or the decision fails: no version, no event", async () => {
    const sku = await made();
    const before = await store.find(sku);
    expect(await store.change(sku, "repriced", () => undefined)).toEqual({ item: before, changed: false });
    const refused = new AppError("precondition_failed", "no");
    const refusing = store.change(sku, "restocked", () => {
      throw refused;
    });
    await expect(refusing).rejects.toBe(refused);
    expect(await store.find(sku)).toEqual(before);
    expect(await changesOf(sku)).toEqual(["created"]);
  });

  test("of an unknown item is not found", async () => {
    await expect(retire("no such item")).rejects.toMatchObject({ code: "not_found" });
    await expect(more("no such item", 1)).rejects.toMatchObject({ code: "not_found" });
  });

  test("and its event commit together: an outbox that refuses leaves the item as it was", async () => {
    const sku = await made();
    const before = await store.find(sku);
    const asked = fresh();
    await db.query("ALTER TABLE outbox ADD CONSTRAINT closed CHECK (false) NOT VALID");
    try {
      await expect(price(sku, 6)).rejects.toThrow("closed");
      await expect(more(sku, 3, `r of ${sku}`)).rejects.toThrow("closed");
      await expect(store.create(asked)).rejects.toThrow("closed");
    } finally {
      await db.query("ALTER TABLE outbox DROP CONSTRAINT closed");
    }
    expect(await store.find(sku)).toEqual(before);
    expect(await store.find(asked.sku)).toBeUndefined();
    expect(await more(sku, 3, `r of ${sku}`), "its key is free again").toMatchObject({ changed: true });
    expect(await store.create(asked)).toMatchObject({ kind: "created" });
  });
});

describe("a restock", () => {
  test("is made once for a key, also when several ask at once", async () => {
    const sku = await made();
    const answers = await Promise.all([1, 2, 3, 4].map(() => more(sku, 3, `r of ${sku}`)));
    expect(answers.filter(({ changed }) => changed)).toHaveLength(1);
    for (const { item } of answers) expect(item).toMatchObject({ stock: 10, version: 2 });
    expect(await changesOf(sku)).toEqual(["created", "restocked"]);
  });

  test("with the key of another one is refused, also for another item", async () => {
    const [one, two] = [await made(), await made()];
    await more(one, 3, `r of ${one}`);
    await expect(more(one, 4, `r of ${one}`)).rejects.toMatchObject(reused);
    await expect(more(two, 3, `r of ${one}`)).rejects.toMatchObject(reused);
    expect(await store.find(one)).toMatchObject({ stock: 10 });
    expect(await store.find(two)).toMatchObject({ stock: 7 });
    const both = await Promise.allSettled([more(one, 1, `both of ${one}`), more(two, 1, `both of ${one}`)]);
    expect(both.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected"]);
  });

  test("that is refused leaves its key free", async () => {
    const sku = await made();
    const once = { sku, quantity: 1, idempotencyKey: `r of ${sku}` };
    const refusing = store.change(
      sku,
      "restocked",
      () => {
        throw new AppError("precondition_failed", "no");
      },
      once,
    );
    await expect(refusing).rejects.toThrow("no");
    expect(await more(sku, 1, `r of ${sku}`)).toMatchObject({ changed: true });
  });

  test("60 restocks and 60 orders at once: the stock is what was there, plus all that came, less all that went", async () => {
    const sku = await made({ stock: 100 });
    const inventory = inventoryStore(db);
    const turns = Array.from({ length: 60 }, (_, n) => n);
    const reservations = await inWaves(turns, 4, async (n) => {
      const both = [() => more(sku, 2), () => inventory.reserve(`${sku}-${n}`, [{ sku, quantity: 1 }])];
      if (n % 2 === 0) both.reverse();
      const answers = await Promise.all(both.map((call) => call()));
      return answers.includes("made");
    });
    expect(reservations.every(Boolean)).toBe(true);
    expect(await store.find(sku)).toMatchObject({ stock: 100 + 60 * 2 - 60, version: 61 });
    const events = await eventsOf(sku);
    expect(events.map(({ version }) => version)).toEqual(Array.from({ length: 61 }, (_, n) => n + 1));
    expect(events.map(({ at }) => at).toSorted()).toEqual(events.map(({ at }) => at));
  });
});

describe("the list", () => {
  test("is by SKU, a page at a time, with retired items", async () => {
    const start = uniqueName("zz-");
    const skus = ["a", "b", "c"].map((end) => `${start}-${end}`);
    for (const sku of skus.toReversed()) await made({ sku });
    await retire(skus[1] ?? "");
    const page = async (after: string, limit: number) =>
      (await store.page(after, limit)).map(({ sku, retired }) => [sku, retired]);
    expect(await page(start, 2)).toEqual([
      [skus[0], false],
      [skus[1], true],
    ]);
    expect(await page(skus[1] ?? "", 1)).toEqual([[skus[2], false]]);
    expect((await store.page("", 1_000)).map(({ sku }) => sku)).toEqual(
      expect.arrayContaining(["mug", "teapot", ...skus]),
    );
  });
});

test("a database of an earlier version gets what it lacks, and keeps its items", async () => {
  const old = await freshDatabase(inject("postgresUrl"));
  const before = await openDatabase(old, [], quiet);
  await before.query(`CREATE TABLE products (sku text PRIMARY KEY, title text NOT NULL, price_cents bigint NOT NULL,
    stock bigint CHECK (stock >= 0), reserved bigint NOT NULL DEFAULT 0)`);
  await before.query("INSERT INTO products VALUES ('mug', 'A mug', 777, 3, 2)");
  await before.close();
  for (const _start of [1, 2]) {
    const now = await openDatabase(old, schemas, quiet);
    expect(await catalogStore(now, testEvents).find("mug")).toEqual({
      ...{ sku: "mug", title: "A mug", priceCents: 777, stock: 3 },
      ...{ retired: false, version: 1 },
    });
    await now.close();
  }
});
