/** The projections and the audit log in Postgres. Each event has its effect once, in whatever order events come. */

import type { Database, Sql } from "../_kit/database/postgres.ts";
import { once } from "../_kit/events/inbox.ts";

/** An event as the audit log keeps it: whom and what it is about, never who that is. */
export interface AuditEntry {
  readonly eventId: string;
  readonly type: string;
  readonly userId: string;
  readonly orderId?: string;
}

export interface SaleEntry extends AuditEntry {
  readonly orderId: string;
  readonly items: readonly { readonly sku: string; readonly quantity: number }[];
}

/** What an event changed: a projection too, or the audit log only; nothing when it has been here before. */
export type Recorded = "projected" | "audited" | "seen";

export interface AnalyticsStore {
  audit(entry: AuditEntry): Promise<Recorded>;
  /** Adds an order's items to the sales, unless the order was taken back already. */
  recordSale(sale: SaleEntry): Promise<Recorded>;
  /** Takes an order's items out of the sales; when they are not in them yet, they will not be counted. */
  reverseSale(sale: SaleEntry): Promise<Recorded>;
  /** Counts a new user on `day` (`YYYY-MM-DD`, UTC). */
  recordSignup(entry: AuditEntry, day: string): Promise<Recorded>;
}

export function analyticsStore(db: Database): AnalyticsStore {
  /** The event into the audit log, and what else it does; `project` answers whether that was anything. */
  const record = async (entry: AuditEntry, project: (tx: Sql) => Promise<boolean>): Promise<Recorded> => {
    const { eventId, type, userId, orderId } = entry;
    const projected = await once(db, "analytics", eventId, async (tx) => {
      await tx.query("INSERT INTO audit (event_id, type, user_id, order_id) VALUES ($1, $2, $3, $4)", [
        eventId,
        type,
        userId,
        orderId ?? null,
      ]);
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
        // First, and not the other way round: this waits for a sale of the same order that is being recorded.
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
 * What an order takes of each product: several lines of one are one order of it. Sorted, so that two projections that share
 * products cannot wait for each other.
 */
function perProduct({ items }: SaleEntry): [sku: string, quantity: number][] {
  const quantities = new Map<string, number>();
  for (const { sku, quantity } of items) quantities.set(sku, (quantities.get(sku) ?? 0) + quantity);
  return [...quantities].toSorted(([a], [b]) => (a < b ? -1 : 1));
}
