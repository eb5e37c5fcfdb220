import type { Vocabulary } from "../_contracts/vocabulary.ts";
import { AppError } from "../_kit/errors.ts";
import type { Note } from "../_kit/telemetry/note.ts";
import type { InventoryStore, Line } from "./store.ts";

/** Takes an order's lines from stock, all or none. Fails with reason `out_of_stock`, and names the SKU. */
export function makeReserve(store: Pick<InventoryStore, "reserve">, note: Note<Vocabulary>) {
  return async (orderId: string, lines: readonly Line[]): Promise<void> => {
    const { outOfStock } = await store.reserve(orderId, lines);
    if (outOfStock !== undefined) {
      note("stock.refused", { orderId, sku: outOfStock });
      throw new AppError("precondition_failed", `${outOfStock} is out of stock`, { reason: "out_of_stock" });
    }
    note("stock.reserved", { orderId });
  };
}

/** Puts an order's lines back; true when there were any. */
export function makeRelease(store: Pick<InventoryStore, "release">, note: Note<Vocabulary>) {
  return async (orderId: string): Promise<boolean> => {
    const released = await store.release(orderId);
    if (released) note("stock.released", { orderId });
    return released;
  };
}
