/** The projections and the audit log in Postgres. Each event has its effect once, in any order of events. */

import type { Database, Sql } from "../_kit/database/postgres.ts";
import { once } from "../_kit/events/inbox.ts";

/** An event as the audit log keeps it: the ids that it is about, and no name or address. */
export interface AuditEntry {
  readonly eventId: string;
  readonly type: string;
  readonly userId?: string;
  readonly orderId?: string;
  readonly sku?: string;
}

export interface SaleEntry extends AuditEntry {
  readonly orderId: string;
  readonly items: readonly { readonly sku: string; readonly quantity: number }[];
}

/** What an event changed: a projection and the audit log, the audit log only, or nothing because it came before. */
export type Recorded = "projected" | "audited" | "seen";

export interface AnalyticsStore {
  audit(entry: AuditEntry): Promise<Recorded>;
  /** Adds an order's items to the sales, unless its cancel came before. */
  recordSale(sale: SaleEntry): Promise<Recorded>;
  /** Takes an order's items out of the sales. If they are not there yet, they will never be counted. */
  reverseSale(sale: SaleEntry): Promise<Recorded>;
  /** Counts a new user on `day` (`YYYY-MM-DD`, UTC). */
  recordSignup(entry: AuditEntry, day: string): Promise<Recorded>;
}

export function analyticsStore(db: Database): AnalyticsStore {
  /** Adds the event to the audit log and runs `project`, which answers whether it changed a projection. */
  const record = async (entry: AuditEntry, project: (tx: Sql) => Promise<boolean>): Promise<Recorded> => {
    const { eventId, type, userId, orderId, sku } = entry;
    const projected = await once(db, "analytics", eventId, async (tx) => {
      await tx.query(
        "INSERT INTO audit (event_id, type, user_id, order_id, sku) VALUES ($1, $2, $3, $4, $5)",
        [eventId, type, userId, orderId, sku],
      );
      return project(tx);
    });
    if (projected === undefined) return "seen";
    return projected ? "projected" : "audited";
  };
  return {
    audit: (entry) => record(entry, async () => false),
    recordSale: (sale) =>
      record(sale, async (tx) => {
        if (!(await mark(tx, sale.orderId, true))) return false;
        for (const [sku, quantity] of perProduct(sale)) {
          await tx.query(
            `INSERT INTO sales (sku, orders, quantity) VALUES ($1, 1, $2)
             ON CONFLICT (sku) DO UPDATE SET orders = sales.orders + 1, quantity = sales.quantity + $2`,
            [sku, quantity],
          );
        }
        return true;
      }),
    reverseSale: (sale) =>
      record(sale, async (tx) => {
        // This comes first because it waits for a sale of the same order that is being recorded.
        if (await mark(tx, sale.orderId, false)) return false;
        const taken = await tx.query("UPDATE sold SET counted = false WHERE order_id = $1 AND counted", [
          sale.orderId,
        ]);
        if (taken.rowCount !== 1) return false;
        for (const [sku, quantity] of perProduct(sale)) {
          await tx.query("UPDATE sales SET orders = orders - 1, quantity = quantity - $2 WHERE sku = $1", [
            sku,
            quantity,
          ]);
        }
        return true;
      }),
    recordSignup: (entry, day) =>
      record(entry, async (tx) => {
        await tx.query(
          `INSERT INTO signups (day, users) VALUES ($1, 1)
           ON CONFLICT (day) DO UPDATE SET users = signups.users + 1`,
          [day],
        );
        return true;
      }),
  };
}

/** False when the order is marked already. */
async function mark(tx: Sql, orderId: string, counted: boolean): Promise<boolean> {
  const marked = await tx.query(
    "INSERT INTO sold (order_id, counted) VALUES ($1, $2) ON CONFLICT DO NOTHING",
    [orderId, counted],
  );
  return marked.rowCount === 1;
}

/**
 * The quantity of each product in an order; several lines of a product count as one. Sorted, so that two projections
 * that share products cannot deadlock.
 */
function perProduct({ items }: SaleEntry): [sku: string, quantity: number][] {
  const quantities = new Map<string, number>();
  for (const { sku, quantity } of items) quantities.set(sku, (quantities.get(sku) ?? 0) + quantity);
  return [...quantities].toSorted(([a], [b]) => (a < b ? -1 : 1));
}
