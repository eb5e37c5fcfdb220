/** Prices, stock and reservations in Postgres. The catalogue's own changes are in `catalog/store.ts`. */
import type { Database, Sql } from "../_kit/database/postgres.ts";

export interface Line {
  readonly sku: string;
  readonly quantity: number;
}

export interface InventoryStore {
  /** Prices in cents of those SKUs that exist; `retired` of those that are no longer sold. */
  prices(skus: readonly string[]): Promise<ReadonlyMap<string, number | "retired">>;
  /** Takes all lines from stock or none; quantities are positive. Repeated for the same order it has no effect. */
  reserve(orderId: string, lines: readonly Line[]): Promise<Reservation>;
  /**
   * Puts a reservation's lines back; false when there is nothing to put back. A later reservation for this order is
   * refused, because nothing would release it.
   */
  release(orderId: string): Promise<boolean>;
}

/**
 * The result of a request for one: it is made (now or before), was released, or needs a SKU that is out of stock or
 * retired. A SKU that does not exist is out of stock.
 */
export type Reservation = "made" | "released" | NotThere;
type NotThere = { readonly outOfStock: string } | { readonly retired: string };

/** Thrown inside the transaction, so that it rolls back; never leaves this file. */
class CannotTake extends Error {
  readonly reservation: NotThere;
  constructor(reservation: NotThere) {
    super("a line cannot be taken");
    this.reservation = reservation;
  }
}

export function inventoryStore(db: Database): InventoryStore {
  return {
    prices: async (skus) => {
      const { rows } = await db.query<{ sku: string; price_cents: string; retired: boolean }>(
        "SELECT sku, price_cents, retired FROM products WHERE sku = ANY($1)",
        [skus],
      );
      return new Map(rows.map((row) => [row.sku, row.retired ? "retired" : Number(row.price_cents)]));
    },
    reserve: async (orderId, lines) => {
      try {
        return await db.transaction((tx) => take(tx, orderId, lines));
      } catch (thrown) {
        if (thrown instanceof CannotTake) return thrown.reservation;
        throw thrown;
      }
    },
    release: (orderId) =>
      db.transaction(async (tx) => {
        const { rows } = await tx.query<{ lines: Line[] }>(
          `INSERT INTO reservations AS mine (order_id, lines, released_at) VALUES ($1, '[]', now())
           ON CONFLICT (order_id) DO UPDATE SET released_at = now() WHERE mine.released_at IS NULL
           RETURNING lines`,
          [orderId],
        );
        const lines = rows[0]?.lines ?? [];
        await move(tx, lines, -1);
        return lines.length > 0;
      }),
  };
}

async function take(tx: Sql, orderId: string, lines: readonly Line[]): Promise<Reservation> {
  const first = await tx.query(
    "INSERT INTO reservations (order_id, lines) VALUES ($1, $2) ON CONFLICT DO NOTHING",
    [orderId, JSON.stringify(lines)],
  );
  if (first.rowCount === 1) {
    await move(tx, lines, 1);
    return "made";
  }
  const { rows } = await tx.query<{ released: boolean }>(
    "SELECT released_at IS NOT NULL AS released FROM reservations WHERE order_id = $1",
    [orderId],
  );
  return rows[0]?.released ? "released" : "made";
}

/**
 * One statement a product, in the order of the SKUs, so that two reservations that share products cannot deadlock. A
 * product that is retired can be put back (`sign` -1), and not taken.
 */
async function move(tx: Sql, lines: readonly Line[], sign: 1 | -1): Promise<void> {
  const quantities = new Map<string, number>();
  for (const { sku, quantity } of lines) quantities.set(sku, (quantities.get(sku) ?? 0) + quantity);
  for (const [sku, quantity] of [...quantities].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    const moved = await tx.query(
      `UPDATE products SET stock = stock - $2, reserved = reserved + $2
       WHERE sku = $1 AND (stock IS NULL OR stock >= $2) AND ($2 < 0 OR NOT retired)`,
      [sku, sign * quantity],
    );
    if (moved.rowCount !== 1) throw new CannotTake(await whyNot(tx, sku));
  }
}

async function whyNot(tx: Sql, sku: string): Promise<NotThere> {
  const { rows } = await tx.query<{ retired: boolean }>("SELECT retired FROM products WHERE sku = $1", [sku]);
  return rows[0]?.retired ? { retired: sku } : { outOfStock: sku };
}
