/** The catalogue: adding, pricing, restocking and retiring items, and looking them up. */
import type { Vocabulary } from "../../_contracts/vocabulary.ts";
import { AppError } from "../../_kit/process/errors.ts";
import type { Note } from "../../_kit/telemetry/note.ts";
import type { CatalogStore, Content, Item, NewItem, Restock } from "./ports.ts";

/** The most pieces of an item: far below the largest safe integer, whatever is reserved and released. */
export const MAX_STOCK = 1_000_000_000;

export interface Page {
  readonly items: readonly Item[];
  /** Empty on the last page. */
  readonly nextCursor: string;
}

/** A repeated request gets the item as it is now. */
export interface Catalog {
  /** Fails with reason `sku_taken` when the SKU has another content, and with `idempotency_key_reused`. */
  create(request: NewItem): Promise<Item>;
  /** Fails with `not_found`. */
  get(sku: string): Promise<Item>;
  /** By SKU, at most `limit`. Fails with `malformed` for a cursor that did not come from here. */
  list(request: { readonly cursor: string; readonly limit: number }): Promise<Page>;
  /** Fails with `not_found`, and with reason `retired`. */
  setPrice(sku: string, priceCents: number): Promise<Item>;
  /**
   * Adds to the stock, once for each key. Fails with `not_found`, and with reasons `retired`, `unlimited`,
   * `stock_limit` and `idempotency_key_reused`.
   */
  restock(request: Restock): Promise<Item>;
  /** Fails with `not_found`. */
  retire(sku: string): Promise<Item>;
}

export function makeCatalog(items: CatalogStore, note: Note<Vocabulary>): Catalog {
  return {
    create: async (request) => {
      const made = await items.create(request);
      const { kind, item } = made;
      if (kind === "created") note("item.created", { sku: item.sku });
      else if (item.sku !== request.sku || !isSame(made.as, request)) throw notTheSame(kind, request.sku);
      return item;
    },
    get: async (sku) => {
      const item = await items.find(sku);
      if (item === undefined) throw new AppError("not_found", "there is no item with this SKU");
      note("item.read", { sku });
      return item;
    },
    list: async ({ cursor, limit }) => {
      // One more is read than is answered, to know whether there is a next page.
      const found = await items.page(cursor === "" ? "" : skuAt(cursor), limit + 1);
      const page = found.slice(0, limit);
      note("items.listed", { count: page.length });
      const last = found.length > limit ? page.at(-1) : undefined;
      return { items: page, nextCursor: last === undefined ? "" : cursorAt(last.sku) };
    },
    setPrice: async (sku, priceCents) => {
      const { item, changed } = await items.change(sku, "repriced", (now) => {
        refuseRetired(now);
        return now.priceCents === priceCents ? undefined : { ...now, priceCents };
      });
      if (changed) note("item.repriced", { sku, priceCents });
      return item;
    },
    restock: async (request) => {
      const { sku, quantity } = request;
      const restocked = (now: Item) => ({ ...now, stock: stockWith(now, quantity) });
      const { item, changed } = await items.change(sku, "restocked", restocked, request);
      if (changed) note("item.restocked", { sku, quantity });
      return item;
    },
    retire: async (sku) => {
      const { item, changed } = await items.change(sku, "retired", (now) =>
        now.retired ? undefined : { ...now, retired: true },
      );
      if (changed) note("item.retired", { sku });
      return item;
    },
  };
}

const isSame = (one: Content | undefined, other: Content): boolean =>
  one?.title === other.title && one.priceCents === other.priceCents && one.stock === other.stock;

function notTheSame(kind: "known" | "taken", sku: string): AppError {
  if (kind === "taken") {
    return new AppError("already_exists", `there is another item with the SKU ${sku}`, {
      reason: "sku_taken",
    });
  }
  return new AppError("invalid", "this idempotency key came with another item before", {
    reason: "idempotency_key_reused",
  });
}

const refused = (reason: string, message: string) => new AppError("precondition_failed", message, { reason });

function refuseRetired({ sku, retired }: Item): void {
  if (retired) throw refused("retired", `${sku} is retired`);
}

/** The stock with `quantity` more. Fails when the item takes no more. */
function stockWith(item: Item, quantity: number): number {
  refuseRetired(item);
  const { sku, stock } = item;
  if (stock === null) throw refused("unlimited", `${sku} is never out of stock`);
  if (stock + quantity > MAX_STOCK)
    throw refused("stock_limit", `there can be ${MAX_STOCK} of an item at most`);
  return stock + quantity;
}

const SKU = /^[A-Za-z0-9._:-]{1,64}$/;

const cursorAt = (sku: string): string => Buffer.from(sku).toString("base64url");

function skuAt(cursor: string): string {
  const sku = Buffer.from(cursor, "base64url").toString();
  if (SKU.test(sku) && cursorAt(sku) === cursor) return sku;
  throw new AppError("malformed", "cursor: not one that a list of items gave");
}
