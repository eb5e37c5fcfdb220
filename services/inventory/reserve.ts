import type { Vocabulary } from "../_contracts/vocabulary.ts";
import { AppError } from "../_kit/process/errors.ts";
import type { FaultAt } from "../_kit/telemetry/faults.ts";
import type { Note } from "../_kit/telemetry/note.ts";
import type { InventoryStore, Line } from "./store.ts";

export interface ReserveDeps {
  readonly store: Pick<InventoryStore, "reserve">;
  readonly fault: FaultAt;
  readonly note: Note<Vocabulary>;
}

/**
 * Takes an order's lines from stock, all or none. Fails with reasons `out_of_stock` and `retired`, naming the SKU, and
 * with reason `released` when the order was released, even if that was before its first reservation.
 */
export function makeReserve({ store, fault, note }: ReserveDeps) {
  return async (orderId: string, lines: readonly Line[]): Promise<void> => {
    if (fault("inventory.reserve")?.kind === "failed") {
      throw new AppError("unavailable", "the warehouse does not answer");
    }
    const reservation = await store.reserve(orderId, lines);
    if (reservation === "released") {
      throw new AppError("conflict", "this order has given back what it reserved", { reason: "released" });
    }
    if (reservation !== "made") {
      const isRetired = "retired" in reservation;
      const sku = isRetired ? reservation.retired : reservation.outOfStock;
      note("stock.refused", { orderId, sku });
      throw isRetired
        ? new AppError("precondition_failed", `${sku} is retired`, { reason: "retired" })
        : new AppError("precondition_failed", `${sku} is out of stock`, { reason: "out_of_stock" });
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
