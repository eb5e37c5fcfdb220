/** Catalogue, stock and reservations in Postgres. */
import type { Database, Sql } from "../_kit/postgres.ts";

export interface Line {
  readonly sku: string;
  readonly quantity: number;
}

export interface InventoryStore {
  /** Prices in cents of those SKUs that exist. */
  prices(skus: readonly string[]): Promise<ReadonlyMap<string, number>>;
  /** Takes all lines from stock or none; answers the first SKU that is out of stock. Twice for one order is once. */
  reserve(orderId: string, lines: readonly Line[]): Promise<{ outOfStock?: string }>;
  /** Puts a reservation's lines back. False when there is nothing to release. */
  release(orderId: string): Promise<boolean>;
}

/** Thrown inside the transaction, so that it rolls back; never leaves this file. */
class OutOfStock extends Error {
  readonly sku: string;
  constructor(sku: string) {
    super(`out of stock: ${sku}`);
    this.sku = sku;
  }
}

export function inventoryStore(db: Database): InventoryStore {
  return {
    prices: async (skus) => {
      const { rows } = await db.query<{ sku: string; price_cents: string }>(
        "SELECT sku, price_cents FROM products WHERE sku = ANY($1)",
        [skus],
      );
      return new Map(rows.map((row) => [row.sku, Number(row.price_cents)]));
    },
    reserve: async (orderId, lines) => {
      try {
        await db.transaction((tx) => take(tx, orderId, lines));
        return {};
      } catch (thrown) {
        if (thrown instanceof OutOfStock) return { outOfStock: thrown.sku };
        throw thrown;
      }
    },
    release: (orderId) =>
      db.transaction(async (tx) => {
        const { rows } = await tx.query<{ lines: Line[] }>(
          "UPDATE reservations SET released_at = now() WHERE order_id = $1 AND released_at IS NULL RETURNING lines",
          [orderId],
        );
        const lines = rows[0]?.lines;
        if (lines === undefined) return false;
        await move(tx, lines, -1);
        return true;
      }),
  };
}

async function take(tx: Sql, orderId: string, lines: readonly Line[]): Promise<void> {
  const first = await tx.query(
    "INSERT INTO reservations (order_id, lines) VALUES ($1, $2) ON CONFLICT DO NOTHING",
    [orderId, JSON.stringify(lines)],
  );
  if (first.rowCount === 1) await move(tx, lines, 1);
}

/** Always in the order of the SKUs: two reservations that share products cannot wait for each other. */
async function move(tx: Sql, lines: readonly Line[], sign: 1 | -1): Promise<void> {
  for (const { sku, quantity } of lines.toSorted((a, b) => (a.sku < b.sku ? -1 : 1))) {
    const moved = await tx.query(
      `UPDATE products SET stock = stock - $2, reserved = reserved + $2
       WHERE sku = $1 AND (stock IS NULL OR stock >= $2)`,
      [sku, sign * quantity],
    );
    if (moved.rowCount !== 1) throw new OutOfStock(sku);
  }
}
