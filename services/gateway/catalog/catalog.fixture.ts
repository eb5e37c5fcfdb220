/** The catalogue as inventory has it, in memory: the whole contract without a database. */
import type { ServiceImpl } from "@connectrpc/connect";
import type { CatalogService } from "../../_contracts/gen/baton/inventory/v1/catalog_pb.js";
import { AppError } from "../../_kit/process/errors.ts";

interface Kept {
  readonly sku: string;
  title: string;
  priceCents: bigint;
  stock?: bigint;
  retired: boolean;
  version: number;
}

/** A test may replace methods of `impl`. */
export class FakeCatalog {
  readonly items = new Map<string, Kept>();
  /** Each call that came through, by method. */
  readonly calls: { readonly method: string; readonly request: object }[] = [];
  readonly #created = new Map<string, string>();
  readonly #keys = new Map<string, string>();

  /** An item that is there already; answers its SKU. */
  add(sku: string, more: Partial<Omit<Kept, "sku">> = {}): string {
    this.items.set(sku, { sku, title: "A bolt", priceCents: 5n, retired: false, version: 1, ...more });
    return sku;
  }

  readonly impl: ServiceImpl<typeof CatalogService> = {
    createItem: async ({ idempotencyKey, sku, title, priceCents, stock }) => {
      const content = JSON.stringify([sku, title, String(priceCents), String(stock)]);
      const before = this.#keys.get(idempotencyKey);
      if (before !== undefined && before !== content) throw reused();
      const taken = this.items.has(sku) && this.#created.get(sku) !== content;
      if (taken) throw new AppError("already_exists", "there is another", { reason: "sku_taken" });
      this.#keys.set(idempotencyKey, content);
      this.#created.set(sku, content);
      if (!this.items.has(sku)) this.add(sku, { title, priceCents, ...(stock !== undefined && { stock }) });
      return { item: this.#item(sku) };
    },
    getItem: async ({ sku }) => ({ item: this.#item(sku) }),
    listItems: async ({ cursor, limit }) => {
      const all = [...this.items.values()].toSorted((a, b) => (a.sku < b.sku ? -1 : 1));
      const from = cursor === "" ? 0 : all.findIndex(({ sku }) => sku === cursor) + 1;
      if (cursor !== "" && from === 0) throw new AppError("malformed", "cursor: not one of ours");
      const items = all.slice(from, from + limit);
      return { items, nextCursor: all.length > from + limit ? (items.at(-1)?.sku ?? "") : "" };
    },
    setPrice: async ({ sku, priceCents }) => this.#change(sku, { priceCents }),
    restockItem: async ({ idempotencyKey, sku, quantity }) => {
      const content = `${sku} ${quantity}`;
      const before = this.#keys.get(idempotencyKey);
      if (before !== undefined && before !== content) throw reused();
      const { stock } = this.#item(sku);
      if (before === content) return { item: this.#item(sku) };
      if (stock === undefined) throw refused("unlimited");
      const changed = this.#change(sku, { stock: stock + BigInt(quantity) });
      this.#keys.set(idempotencyKey, content);
      return changed;
    },
    retireItem: async ({ sku }) =>
      this.#item(sku).retired ? { item: this.#item(sku) } : this.#change(sku, { retired: true }),
  };

  #item(sku: string): Kept {
    const item = this.items.get(sku);
    if (item === undefined) throw new AppError("not_found", "there is no item with this SKU");
    return item;
  }

  #change(sku: string, change: Partial<Kept>) {
    const item = this.#item(sku);
    if (item.retired) throw refused("retired");
    Object.assign(item, change, { version: item.version + 1 });
    return { item };
  }
}

const refused = (reason: string) => new AppError("precondition_failed", "not so", { reason });
const reused = () =>
  new AppError("invalid", "this key came with another request", { reason: "idempotency_key_reused" });
