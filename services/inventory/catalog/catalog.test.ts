import { describe, expect, test, vi } from "vitest";
import type { Vocabulary } from "../../_contracts/vocabulary.ts";
import { AppError } from "../../_kit/process/errors.ts";
import type { Note } from "../../_kit/telemetry/note.ts";
import { MAX_STOCK, makeCatalog } from "./catalog.ts";
import type { CatalogStore, Content, Item, ItemChange, NewItem } from "./ports.ts";

/** The catalogue over a store that keeps everything in memory. `there`: items that the shop opened with. */
function shop(...there: Item[]) {
  const items = new Map(there.map((item) => [item.sku, item]));
  const created = new Map<string, { sku: string; as: Content }>();
  const restocks = new Map<string, string>();
  const told: [ItemChange, Item][] = [];
  const keep = (change: ItemChange, item: Item): Item => {
    items.set(item.sku, item);
    told.push([change, item]);
    return item;
  };
  const store: CatalogStore = {
    find: async (sku) => items.get(sku),
    page: async (after, limit) =>
      [...items.values()]
        .filter(({ sku }) => sku > after)
        .toSorted((a, b) => (a.sku < b.sku ? -1 : 1))
        .slice(0, limit),
    create: async ({ idempotencyKey, sku, title, priceCents, stock }) => {
      const before = created.get(idempotencyKey);
      const known = before && items.get(before.sku);
      if (before && known) return { kind: "known", item: known, as: before.as };
      const taken = items.get(sku);
      const as = [...created.values()].find((one) => one.sku === sku)?.as;
      if (taken) return { kind: "taken", item: taken, as };
      created.set(idempotencyKey, { sku, as: { title, priceCents, stock } });
      const item = { sku, title, priceCents, stock, retired: false, version: 1 };
      return { kind: "created", item: keep("created", item) };
    },
    change: async (sku, what, decide, once) => {
      const item = items.get(sku);
      if (item === undefined) throw new AppError("not_found", "no such item");
      if (once && restocks.has(once.idempotencyKey)) return { item, changed: false };
      const next = decide(item);
      if (once) restocks.set(once.idempotencyKey, sku);
      if (next === undefined) return { item, changed: false };
      return { item: keep(what, { ...next, version: item.version + 1 }), changed: true };
    },
  };
  const note = vi.fn<Note<Vocabulary>>();
  return { catalog: makeCatalog(store, note), told, note };
}

const bolt: Item = {
  ...{ sku: "bolt", title: "A bolt", priceCents: 5, stock: 7 },
  ...{ retired: false, version: 1 },
};
const asked: NewItem = { sku: "bolt", title: "A bolt", priceCents: 5, stock: 7, idempotencyKey: "k-1" };
const restock = { sku: "bolt", quantity: 3, idempotencyKey: "r-1" };

describe("creating", () => {
  test("makes an item once for a key, and notes it once", async () => {
    const { catalog, told, note } = shop();
    expect(await catalog.create(asked)).toEqual(bolt);
    expect(await catalog.create(asked)).toEqual(bolt);
    expect(told).toEqual([["created", bolt]]);
    expect(note.mock.calls).toEqual([["item.created", { sku: "bolt" }]]);
  });

  test("the same content with another key is the same item, as it is now", async () => {
    const { catalog, told } = shop();
    await catalog.create(asked);
    const priced = await catalog.setPrice("bolt", 6);
    expect(await catalog.create({ ...asked, idempotencyKey: "k-2" })).toEqual(priced);
    expect(told.map(([change]) => change)).toEqual(["created", "repriced"]);
  });

  test.each<[string, Partial<NewItem>]>([
    ["title", { title: "Another" }],
    ["price", { priceCents: 6 }],
    ["stock", { stock: 8 }],
    ["stock without end", { stock: null }],
  ])("a SKU that was created with another %s is taken", async (_what, other) => {
    const { catalog, told } = shop();
    await catalog.create(asked);
    const again = catalog.create({ ...asked, ...other, idempotencyKey: "k-2" });
    await expect(again).rejects.toMatchObject({ httpStatus: 409, reason: "sku_taken" });
    expect(told).toHaveLength(1);
  });

  test("a SKU that the shop opened with is taken, also for the same content", async () => {
    const { catalog } = shop(bolt);
    await expect(catalog.create(asked)).rejects.toMatchObject({ reason: "sku_taken" });
  });

  test.each<[string, Partial<NewItem>]>([
    ["SKU", { sku: "nut" }],
    ["price", { priceCents: 6 }],
    ["stock", { stock: null }],
  ])("a key that came with another %s is refused", async (_what, other) => {
    const { catalog, told } = shop();
    await catalog.create(asked);
    await expect(catalog.create({ ...asked, ...other })).rejects.toMatchObject({
      code: "invalid",
      reason: "idempotency_key_reused",
    });
    expect(told).toHaveLength(1);
  });
});

describe("a price", () => {
  test("is set and noted; the one that it has already changes nothing", async () => {
    const { catalog, told, note } = shop(bolt);
    const priced = { ...bolt, priceCents: 6, version: 2 };
    expect(await catalog.setPrice("bolt", 6)).toEqual(priced);
    expect(await catalog.setPrice("bolt", 6)).toEqual(priced);
    expect(told).toEqual([["repriced", priced]]);
    expect(note.mock.calls).toEqual([["item.repriced", { sku: "bolt", priceCents: 6 }]]);
  });
});

describe("a restock", () => {
  test("adds its quantity once for a key, and is noted once", async () => {
    const { catalog, told, note } = shop(bolt);
    const more = { ...bolt, stock: 10, version: 2 };
    expect(await catalog.restock(restock)).toEqual(more);
    expect(await catalog.restock(restock)).toEqual(more);
    expect(told).toEqual([["restocked", more]]);
    expect(note.mock.calls).toEqual([["item.restocked", { sku: "bolt", quantity: 3 }]]);
    expect(await catalog.restock({ ...restock, idempotencyKey: "r-2" })).toMatchObject({ stock: 13 });
  });

  test("of what is never out of stock is refused", async () => {
    const { catalog, told } = shop({ ...bolt, stock: null });
    await expect(catalog.restock(restock)).rejects.toMatchObject({ httpStatus: 409, reason: "unlimited" });
    expect(told).toEqual([]);
  });

  test("fills the stock up to its limit and no further", async () => {
    const { catalog } = shop({ ...bolt, stock: MAX_STOCK - 3 });
    expect(await catalog.restock(restock)).toMatchObject({ stock: MAX_STOCK });
    const over = catalog.restock({ ...restock, quantity: 1, idempotencyKey: "r-2" });
    await expect(over).rejects.toMatchObject({ httpStatus: 409, reason: "stock_limit" });
  });
});

describe("a retired item", () => {
  test("is retired once, for good", async () => {
    const { catalog, told, note } = shop(bolt);
    const retired = { ...bolt, retired: true, version: 2 };
    expect(await catalog.retire("bolt")).toEqual(retired);
    expect(await catalog.retire("bolt")).toEqual(retired);
    expect(told).toEqual([["retired", retired]]);
    expect(note.mock.calls).toEqual([["item.retired", { sku: "bolt" }]]);
    expect(await catalog.get("bolt")).toEqual(retired);
  });

  test("takes no price and no stock, but answers a restock that was made before", async () => {
    const { catalog, told } = shop(bolt);
    await catalog.restock(restock);
    await catalog.retire("bolt");
    for (const late of [
      catalog.setPrice("bolt", 6),
      catalog.setPrice("bolt", bolt.priceCents),
      catalog.restock({ ...restock, idempotencyKey: "r-2" }),
    ])
      await expect(late).rejects.toMatchObject({ code: "precondition_failed", reason: "retired" });
    expect(await catalog.restock(restock)).toMatchObject({ stock: 10, retired: true });
    expect(told.map(([change]) => change)).toEqual(["restocked", "retired"]);
  });
});

test("an unknown item is not found, whatever is asked of it", async () => {
  const { catalog, note } = shop();
  for (const asking of [
    catalog.get("nut"),
    catalog.setPrice("nut", 1),
    catalog.restock({ ...restock, sku: "nut" }),
    catalog.retire("nut"),
  ])
    await expect(asking).rejects.toMatchObject({ code: "not_found" });
  expect(note).not.toHaveBeenCalled();
});

describe("the list", () => {
  const all = ["a", "b.1", "c-2", "d_3", "e:4"].map((sku) => ({ ...bolt, sku }));

  test("comes by SKU in pages, each but the last with the cursor of the next", async () => {
    const { catalog, note } = shop(...all.toReversed());
    const pages: string[][] = [];
    let cursor = "";
    do {
      const page = await catalog.list({ cursor, limit: 2 });
      pages.push(page.items.map(({ sku }) => sku));
      cursor = page.nextCursor;
    } while (cursor !== "");
    expect(pages).toEqual([["a", "b.1"], ["c-2", "d_3"], ["e:4"]]);
    expect(note.mock.calls.map(([event, fields]) => [event, fields])).toEqual([
      ["items.listed", { count: 2 }],
      ["items.listed", { count: 2 }],
      ["items.listed", { count: 1 }],
    ]);
    expect(await catalog.list({ cursor: "", limit: 5 })).toEqual({ items: all, nextCursor: "" });
  });

  test.each(["made-up", "====", "YQ==", " YQ", "w6k", "YSBi", "AA", "x".repeat(500)])(
    "does not go on at %j, which is no cursor",
    async (cursor) => {
      const { catalog } = shop(...all);
      await expect(catalog.list({ cursor, limit: 2 })).rejects.toMatchObject({ code: "malformed" });
    },
  );
});

test("an item that is read is noted", async () => {
  const { catalog, note } = shop(bolt);
  expect(await catalog.get("bolt")).toEqual(bolt);
  expect(note.mock.calls).toEqual([["item.read", { sku: "bolt" }]]);
});
