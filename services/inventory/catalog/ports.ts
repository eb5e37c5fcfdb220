/** An item of the catalogue, and what the use cases ask of the store that has it. */
import type { EventFrom } from "../../_contracts/events.ts";

export interface Item {
  readonly sku: string;
  readonly title: string;
  readonly priceCents: number;
  /** The pieces that can still be reserved; null: it is never out of stock. */
  readonly stock: number | null;
  /** It is no longer quoted or reserved, for good. */
  readonly retired: boolean;
  /** Grows by one with every change that ItemChanged tells. */
  readonly version: number;
}

/** What an item is created with. */
export type Content = Pick<Item, "title" | "priceCents" | "stock">;

export interface NewItem extends Content {
  readonly sku: string;
  readonly idempotencyKey: string;
}

export interface Restock {
  readonly sku: string;
  readonly quantity: number;
  readonly idempotencyKey: string;
}

/** The events that inventory may append. */
export type ItemEvent = EventFrom<"inventory">;
/** What has changed about an item. */
export type ItemChange = ItemEvent["payload"]["change"];

/**
 * `known`: its key has an item already. `taken`: another request has created the SKU. `as`: what that item was created
 * with; undefined for the items that the shop opened with.
 */
export type Created =
  | { readonly kind: "created"; readonly item: Item }
  | { readonly kind: "known" | "taken"; readonly item: Item; readonly as: Content | undefined };

export interface Changed {
  /** As it is now. */
  readonly item: Item;
  readonly changed: boolean;
}

export interface CatalogStore {
  find(sku: string): Promise<Item | undefined>;
  /** By SKU, those behind `after`; from the first when it is empty. */
  page(after: string, limit: number): Promise<Item[]>;
  /** Stores the item and ItemChanged in one transaction. */
  create(item: NewItem): Promise<Created>;
  /**
   * Locks the item, asks `decide` what becomes of it, and stores that with ItemChanged in one transaction. Nothing
   * changes when `decide` answers undefined or throws. Fails with `not_found`.
   *
   * `once`: the restock that this change is. When it was made before, `decide` is not asked. Fails with `invalid`,
   * reason `idempotency_key_reused`, when its key came with another one.
   */
  change(
    sku: string,
    what: ItemChange,
    decide: (item: Item) => Item | undefined,
    once?: Restock,
  ): Promise<Changed>;
}
