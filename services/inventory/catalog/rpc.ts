/** Connects the contract of the catalogue with the use cases. */
import type { ConnectRouter } from "@connectrpc/connect";
import * as z from "zod";
import { CatalogService } from "../../_contracts/gen/baton/inventory/v1/catalog_pb.js";
import { parsed } from "../../_kit/process/payload.ts";
import { type Catalog, MAX_STOCK } from "./catalog.ts";
import type { Item } from "./ports.ts";

/** The same limits as at the gateway, but other clients can reach this port too. */
const sku = z.string().regex(/^[A-Za-z0-9._-]{1,64}$/, "letters, digits and . _ - only, 1 to 64");
const cents = z.bigint().min(0n).max(999_999_999n).transform(Number);
const idempotencyKey = z.string().regex(/^[\x21-\x7e]{1,512}$/, "visible ASCII only, 1 to 512 characters");

const Create = z.object({
  idempotencyKey,
  sku,
  title: z
    .string()
    .max(200)
    .regex(/^(?=.*\S)[^\p{Cc}\p{Cs}\p{Zl}\p{Zp}]+$/u, "letters on one line, at least one"),
  priceCents: cents,
  stock: z.bigint().min(0n).max(BigInt(MAX_STOCK)).transform(Number).optional(),
});
const One = z.object({ sku });
const SetPrice = z.object({ sku, priceCents: cents });
const Restock = z.object({ idempotencyKey, sku, quantity: z.int().min(1).max(1_000_000) });
const List = z.object({ cursor: z.string().max(512), limit: z.int().min(1).max(100) });

export function catalogRoutes(catalog: Catalog) {
  const skuOf = (request: unknown): string => parsed("a call about an item", One, request).sku;
  return (router: ConnectRouter): void => {
    router.service(CatalogService, {
      createItem: async (request) => {
        const { stock = null, ...item } = parsed("an item", Create, request);
        return { item: toWire(await catalog.create({ ...item, stock })) };
      },
      getItem: async (request) => ({ item: toWire(await catalog.get(skuOf(request))) }),
      listItems: async (request) => {
        const { items, nextCursor } = await catalog.list(parsed("a call for a list of items", List, request));
        return { items: items.map(toWire), nextCursor };
      },
      setPrice: async (request) => {
        const price = parsed("a price", SetPrice, request);
        return { item: toWire(await catalog.setPrice(price.sku, price.priceCents)) };
      },
      restockItem: async (request) => ({
        item: toWire(await catalog.restock(parsed("a restock", Restock, request))),
      }),
      retireItem: async (request) => ({ item: toWire(await catalog.retire(skuOf(request))) }),
    });
  };
}

function toWire({ stock, priceCents, ...item }: Item) {
  return { ...item, priceCents: BigInt(priceCents), ...(stock !== null && { stock: BigInt(stock) }) };
}
