/** `/items`: what a client asks for about the catalogue. */
import * as z from "zod";
import { AppError } from "../../_kit/process/errors.ts";
import type { NewItem } from "../ports.ts";
import { cursorText, idText, limitText, lineText, PAGE } from "../text.ts";

/** 9,999,999.99. What inventory allows, too: every sum of an order stays far below the largest safe integer. */
export const MAX_PRICE_CENTS = 999_999_999;
const MAX_STOCK = 1_000_000_000;
const MAX_RESTOCK = 1_000_000;

export const Sku = idText(64);
export const PriceCents = z.int().min(0).max(MAX_PRICE_CENTS);

/** An item, but for its price, which each version of the API writes in its own way. */
export const PricelessBody = z.strictObject({
  sku: Sku,
  title: lineText(200),
  // To be said, also when it is endless: otherwise a forgotten stock would never run out.
  stock: z
    .int()
    .min(0)
    .max(MAX_STOCK)
    .nullable()
    .meta({ description: "How many there are; null: it is never out of stock." }),
});

export const RestockBody = z.strictObject({
  quantity: z.int().min(1).max(MAX_RESTOCK).meta({ description: "How many there are more of." }),
});

export const ItemsQuery = z.object({
  limit: limitText(`Without it a page has ${PAGE} items.`),
  cursor: cursorText,
});

/** An item as it is asked for, in the form that all versions of the API share. */
export type ItemBody = Omit<NewItem, "idempotencyKey">;

/**
 * Fails with `forbidden` where faults are off: a shop that strangers can reach has an open API, and its catalogue must
 * not be theirs to write.
 */
export function refuseUnless(faults: boolean): void {
  if (faults) return;
  throw new AppError(
    "forbidden",
    "the catalogue can be written over REST only where faults are on: start with BATON_FAULTS=1",
    { reason: "faults_off" },
  );
}
