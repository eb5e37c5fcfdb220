import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { freshDatabase, inWaves, quiet, uniqueName } from "../../tests/fixtures.ts";
import { type Database, openDatabase } from "../_kit/database/postgres.ts";
import { inventoryStore } from "./store.ts";

const schemas = [new URL("./schema.sql", import.meta.url)];
let url: string;
let db: Database;
beforeAll(async () => {
  url = await freshDatabase(inject("postgresUrl"));
  db = await openDatabase(url, schemas, quiet);
});
afterAll(() => db.close());

/** A product that no other test touches. `stock` null: never out of stock. */
async function product(stock: number | null): Promise<string> {
  const sku = uniqueName("sku-");
  await db.query("INSERT INTO products (sku, title, price_cents, stock) VALUES ($1, $1, 100, $2)", [
    sku,
    stock,
  ]);
  return sku;
}

/** What is left of a product and what is reserved. Postgres gives bigints as text. */
async function stockOf(sku: string) {
  const { rows } = await db.query<{ stock: string | null; reserved: string }>(
    "SELECT stock, reserved FROM products WHERE sku = $1",
    [sku],
  );
  return rows[0];
}

test("the catalogue is seeded, and an unknown product has no price", async () => {
  const prices = await inventoryStore(db).prices([
    "teapot",
    "mug",
    "kettle",
    "last-one",
    "sold-out",
    "spoon",
  ]);
  expect(prices).toEqual(
    new Map([
      ["teapot", 2_499],
      ["mug", 899],
      ["kettle", 3_999],
      ["last-one", 9_900],
      ["sold-out", 4_999],
    ]),
  );
  expect(await stockOf("last-one")).toEqual({ stock: "1", reserved: "0" });
});

test("a product that is sold out has a price and never a reservation", async () => {
  const orders = Array.from({ length: 5 }, (_, n) => uniqueName(`o-${n}-`));
  const answers = await Promise.all(
    orders.map((order) => inventoryStore(db).reserve(order, [{ sku: "sold-out", quantity: 1 }])),
  );
  expect(answers).toEqual(orders.map(() => ({ outOfStock: "sold-out" })));
  expect(await stockOf("sold-out")).toEqual({ stock: "0", reserved: "0" });
});

test("a second start leaves the stock as it is", async () => {
  expect(await inventoryStore(db).reserve("o-last", [{ sku: "last-one", quantity: 1 }])).toBe("made");
  const again = await openDatabase(url, schemas, quiet);
  await again.close();
  expect(await stockOf("last-one")).toEqual({ stock: "0", reserved: "1" });
});

test("of 100 reservations at once a stock of 10 serves exactly 10, and nothing of the others remains", async () => {
  const store = inventoryStore(db);
  const [scarce, plenty] = [await product(10), await product(null)];
  const lines = [
    { sku: scarce, quantity: 1 },
    { sku: plenty, quantity: 1 },
  ];
  const answers = await Promise.all(
    Array.from({ length: 100 }, (_, n) =>
      // Half of them name the products the other way round: they must not deadlock.
      store.reserve(`${scarce}-${n}`, n % 2 === 0 ? lines : lines.toReversed()),
    ),
  );
  expect(answers.filter((answer) => answer === "made")).toHaveLength(10);
  expect(answers.filter((answer) => answer !== "made")).toEqual(Array(90).fill({ outOfStock: scarce }));
  expect(await stockOf(scarce)).toEqual({ stock: "0", reserved: "10" });
  expect(await stockOf(plenty)).toEqual({ stock: null, reserved: "10" });
  const kept = await db.query("SELECT 1 FROM reservations WHERE order_id LIKE $1", [`${scarce}-%`]);
  expect(kept.rows).toHaveLength(10);
});

test("all lines are taken or none, also when one product comes twice", async () => {
  const store = inventoryStore(db);
  const [first, second] = [await product(5), await product(5)];
  const order = (id: string, ...lines: [string, number][]) =>
    store.reserve(
      `${first}-${id}`,
      lines.map(([sku, quantity]) => ({ sku, quantity })),
    );

  expect(await order("a", [first, 5], [second, 6])).toEqual({ outOfStock: second });
  expect(await order("b", [first, 3], [first, 3])).toEqual({ outOfStock: first });
  expect(await order("c", [first, 1], ["no-such", 1])).toEqual({ outOfStock: "no-such" });
  expect(await stockOf(first)).toEqual({ stock: "5", reserved: "0" });
  expect(await order("d", [first, 3], [first, 2], [second, 5])).toBe("made");
  expect(await stockOf(first)).toEqual({ stock: "0", reserved: "5" });
});

test("a repeated reservation for one order takes nothing more, also at the same time", async () => {
  const store = inventoryStore(db);
  const sku = await product(5);
  const lines = [{ sku, quantity: 2 }];
  expect(await Promise.all([1, 2, 3].map(() => store.reserve(sku, lines)))).toEqual(["made", "made", "made"]);
  expect(await stockOf(sku)).toEqual({ stock: "3", reserved: "2" });
});

test("a repeated release puts the lines back once, also at the same time", async () => {
  const store = inventoryStore(db);
  const [limited, endless] = [await product(5), await product(null)];
  await store.reserve(limited, [
    { sku: limited, quantity: 2 },
    { sku: endless, quantity: 7 },
  ]);
  const released = await Promise.all([1, 2, 3].map(() => store.release(limited)));
  expect(released.filter(Boolean)).toHaveLength(1);
  expect(await store.release(limited)).toBe(false);
  expect(await stockOf(limited)).toEqual({ stock: "5", reserved: "0" });
  expect(await stockOf(endless)).toEqual({ stock: null, reserved: "0" });
});

test("releasing an order without a reservation puts nothing back, and a late reservation is refused", async () => {
  const store = inventoryStore(db);
  const sku = await product(5);
  expect(await store.release(sku)).toBe(false);
  expect(await store.reserve(sku, [{ sku, quantity: 2 }])).toBe("released");
  expect(await store.release(sku)).toBe(false);
  expect(await stockOf(sku)).toEqual({ stock: "5", reserved: "0" });
});

test("an order that was reserved and released cannot be reserved again", async () => {
  const store = inventoryStore(db);
  const sku = await product(5);
  const lines = [{ sku, quantity: 2 }];
  expect(await store.reserve(sku, lines)).toBe("made");
  expect(await store.release(sku)).toBe(true);
  expect(await store.reserve(sku, lines)).toBe("released");
  expect(await stockOf(sku)).toEqual({ stock: "5", reserved: "0" });
});

test("a reservation that was out of stock can still be released, and then stays refused", async () => {
  const store = inventoryStore(db);
  const sku = await product(1);
  expect(await store.reserve(sku, [{ sku, quantity: 2 }])).toEqual({ outOfStock: sku });
  expect(await store.release(sku)).toBe(false);
  expect(await store.reserve(sku, [{ sku, quantity: 1 }])).toBe("released");
  expect(await stockOf(sku)).toEqual({ stock: "1", reserved: "0" });
});

test("60 orders, each reserved and released at once: all of the stock is there in the end, whichever came first", async () => {
  const store = inventoryStore(db);
  const [one, two] = [await product(1_000), await product(1_000)];
  const lines = [
    { sku: one, quantity: 2 },
    { sku: two, quantity: 3 },
    { sku: one, quantity: 1 },
  ];
  const orders = Array.from({ length: 60 }, (_, n) => `${one}-${n}`);
  await inWaves(orders, 4, async (order, n) => {
    const both = [() => store.reserve(order, lines), () => store.release(order)];
    if (n % 2 === 0) both.reverse();
    await Promise.all(both.map((call) => call()));
    expect(await store.reserve(order, lines)).toBe("released");
  });
  expect([await stockOf(one), await stockOf(two)]).toEqual([
    { stock: "1000", reserved: "0" },
    { stock: "1000", reserved: "0" },
  ]);
});

describe("a product that is retired", () => {
  const retire = (sku: string) => db.query("UPDATE products SET retired = true WHERE sku = $1", [sku]);

  test("has no price, and cannot be reserved: nothing of the order is taken", async () => {
    const store = inventoryStore(db);
    const [kept, gone, endless] = [await product(5), await product(5), await product(null)];
    await Promise.all([retire(gone), retire(endless)]);
    expect(await store.prices([kept, gone, endless])).toEqual(
      new Map<string, number | "retired">([
        [kept, 100],
        [gone, "retired"],
        [endless, "retired"],
      ]),
    );
    for (const sku of [gone, endless]) {
      const lines = [
        { sku: kept, quantity: 1 },
        { sku, quantity: 1 },
      ];
      expect(await store.reserve(`${kept}-${sku}`, lines)).toEqual({ retired: sku });
    }
    expect(await stockOf(kept)).toEqual({ stock: "5", reserved: "0" });
    expect(await stockOf(gone)).toEqual({ stock: "5", reserved: "0" });
  });

  test("says so also when there is too little of it", async () => {
    const sku = await product(1);
    await retire(sku);
    expect(await inventoryStore(db).reserve(sku, [{ sku, quantity: 2 }])).toEqual({ retired: sku });
  });

  test("keeps the reservations that were made before, and these can be released", async () => {
    const store = inventoryStore(db);
    const sku = await product(5);
    const lines = [{ sku, quantity: 2 }];
    await store.reserve(sku, lines);
    await retire(sku);
    expect(await store.reserve(sku, lines), "a repeated call").toBe("made");
    expect(await stockOf(sku)).toEqual({ stock: "3", reserved: "2" });
    expect(await store.release(sku)).toBe(true);
    expect(await stockOf(sku)).toEqual({ stock: "5", reserved: "0" });
  });
});
