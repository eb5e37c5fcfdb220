import { AppError } from "../_kit/process/errors.ts";
import type { InventoryStore, Line } from "./store.ts";

/** The total price of lines, in cents. Fails with reasons `unknown_sku` (`invalid`) and `retired`, naming the SKU. */
export function makeQuote(store: Pick<InventoryStore, "prices">) {
  return async (lines: readonly Line[]): Promise<number> => {
    const prices = await store.prices(lines.map((line) => line.sku));
    let totalCents = 0;
    for (const { sku, quantity } of lines) {
      const price = prices.get(sku);
      if (price === undefined) {
        throw new AppError("invalid", `there is no product with the SKU ${JSON.stringify(sku)}`, {
          reason: "unknown_sku",
        });
      }
      if (price === "retired") {
        throw new AppError("precondition_failed", `${sku} is retired`, { reason: "retired" });
      }
      totalCents += price * quantity;
    }
    return totalCents;
  };
}
