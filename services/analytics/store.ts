/** The sales projection and the audit log in Postgres. */
import type { OrderConfirmed } from "../_contracts/events.ts";
import { once } from "../_kit/inbox.ts";
import type { Database, Sql } from "../_kit/postgres.ts";

export interface AuditEntry {
  readonly eventId: string;
  readonly type: string;
  readonly orderId: string;
}

export interface AnalyticsStore {
  /** Adds an order's items to the sales, and the event to the audit log, once. False when that was done before. */
  recordSale(eventId: string, order: OrderConfirmed): Promise<boolean>;
  /** Adds an event to the audit log, once. */
  recordEvent(entry: AuditEntry): Promise<boolean>;
}

export function analyticsStore(db: Database): AnalyticsStore {
  const audit = (tx: Sql, { eventId, type, orderId }: AuditEntry) =>
    tx.query("INSERT INTO audit (event_id, type, order_id) VALUES ($1, $2, $3)", [eventId, type, orderId]);
  return {
    recordSale: async (eventId, { orderId, items }) => {
      const done = await once(db, "analytics", eventId, async (tx) => {
        await audit(tx, { eventId, type: "OrderConfirmed", orderId });
        const quantities = new Map<string, number>();
        for (const { sku, quantity } of items) quantities.set(sku, (quantities.get(sku) ?? 0) + quantity);
        // In the order of the SKUs: two projections that share products cannot wait for each other.
        for (const [sku, quantity] of [...quantities].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
          await tx.query(
            `INSERT INTO sales (sku, orders, quantity) VALUES ($1, 1, $2)
             ON CONFLICT (sku) DO UPDATE SET orders = sales.orders + 1, quantity = sales.quantity + $2`,
            [sku, quantity],
          );
        }
        return true;
      });
      return done === true;
    },
    recordEvent: async (entry) => {
      const done = await once(db, "analytics", entry.eventId, async (tx) => {
        await audit(tx, entry);
        return true;
      });
      return done === true;
    },
  };
}
