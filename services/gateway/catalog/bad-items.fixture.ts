/** Requests that write the catalogue, made up by fast-check: most have one thing wrong, a few are good. */
import fc from "fast-check";
import { get, idText, type Made, noIdText, noText, post } from "../made.fixture.ts";

const ITEMS = "/api/v1/items";
/** The most cents that an item may cost, pieces that there may be, and pieces that may be added. */
const [MAX_CENTS, MAX_STOCK, MAX_RESTOCK] = [999_999_999, 1_000_000_000, 1_000_000];

const item = fc.record({
  sku: idText(64),
  title: fc.stringMatching(/^[a-z]([a-z ]{0,30}[a-z])?$/),
  priceCents: fc.integer({ min: 0, max: MAX_CENTS }),
  stock: fc.option(fc.integer({ min: 0, max: MAX_STOCK })),
});
type Item = typeof item extends fc.Arbitrary<infer T> ? T : never;

/** No whole number from `min` to `max`. */
const noNumber = (min: number, max: number) =>
  fc.oneof(
    fc.constantFrom<unknown>(-1, min - 1, max + 1, 0.5, 1e300, 2 ** 53 + 2, "1", "", true, [], {}, [1]),
    fc.integer({ min: max + 1 }),
    fc.integer({ max: min - 1 }),
    fc.double({ min: min + 0.001, max: max - 0.5, noNaN: true, noInteger: true }),
    fc.string(),
  );
const noTitle = fc.oneof(
  noText,
  fc.constantFrom("", " ", "a\nb", "a\u0000", "a\u2028b", "\ud800", "x".repeat(201)),
);
const refuse = (body: unknown, names: string): Made => post(ITEMS, JSON.stringify(body), 422, names);
const without = (of: Item, name: string): object =>
  Object.fromEntries(Object.entries(of).filter(([key]) => key !== name));

/** A good item with one thing wrong. */
const spoilt: fc.Arbitrary<Made> = item.chain((body) =>
  fc.oneof(
    fc.oneof(noIdText(64), noText).map((sku) => refuse({ ...body, sku }, "sku: ")),
    noTitle.map((title) => refuse({ ...body, title }, "title: ")),
    noNumber(0, MAX_CENTS).map((priceCents) => refuse({ ...body, priceCents }, "priceCents: ")),
    fc.constant(null).map((priceCents) => refuse({ ...body, priceCents }, "priceCents: ")),
    noNumber(0, MAX_STOCK).map((stock) => refuse({ ...body, stock }, "stock: ")),
    fc
      .constantFrom("sku", "title", "priceCents", "stock")
      .map((name) => refuse(without(body, name), `${name}: `)),
    fc
      .string()
      .filter((name) => !Object.hasOwn(body, name))
      .map((name) => refuse({ ...body, [name]: 1, x: 1 }, "body: ")),
    fc
      .constantFrom<unknown>({ amount: "1.00", currency: "EUR" }, 1, null)
      .map((price) => refuse({ ...without(body, "priceCents"), price }, "priceCents: ")),
  ),
);

const change = (method: string, path: string, body: unknown, names: string): Made => ({
  ...post(`${ITEMS}/bolt${path}`, JSON.stringify(body), 422, names),
  method,
});
/** A bad change of an item that is there. */
const spoiltChange: fc.Arbitrary<Made> = fc.oneof(
  noNumber(0, MAX_CENTS).map((priceCents) => change("PUT", "/price", { priceCents }, "priceCents: ")),
  noNumber(1, MAX_RESTOCK).map((quantity) => change("POST", "/restocks", { quantity }, "quantity: ")),
  fc
    .constantFrom<unknown>([], null, 1, "x", true)
    .chain((body) =>
      fc.constantFrom(change("PUT", "/price", body, "body: "), change("POST", "/restocks", body, "body: ")),
    ),
);

/** Text that cannot be a SKU, in the path. */
const nowhere: fc.Arbitrary<Made> = noIdText(64)
  .filter((text) => text.isWellFormed() && text !== "" && text !== "." && text !== "..")
  .chain((sku) => {
    const path = `${ITEMS}/${encodeURIComponent(sku)}`;
    return fc.constantFrom(
      get(path, 404),
      { ...get(path, 404), method: "DELETE" },
      post(`${path}/restocks`, '{"quantity":1}', 404),
      { ...post(`${path}/price`, '{"priceCents":1}', 404), method: "PUT" },
    );
  });

const badQuery: fc.Arbitrary<Made> = fc
  .constantFrom("limit=0", "limit=101", "limit=1e1", "limit=", "limit=-1", "cursor=%00", "cursor=")
  .map((query) => get(`${ITEMS}?${query}`, 400, query.startsWith("limit") ? "limit: " : "cursor: "));

/** Each has a SKU of its own: two that share one would be a conflict. */
const good: fc.Arbitrary<Made> = fc
  .tuple(item, fc.uuid())
  .map(([body, sku]) => post(ITEMS, JSON.stringify({ ...body, sku }), 201));

/** One request, mostly a bad one. */
export const anyItem: fc.Arbitrary<Made> = fc.oneof(
  { weight: 6, arbitrary: spoilt },
  { weight: 4, arbitrary: spoiltChange },
  { weight: 2, arbitrary: nowhere },
  { weight: 1, arbitrary: badQuery },
  { weight: 1, arbitrary: good },
);
