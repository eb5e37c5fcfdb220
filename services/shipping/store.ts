/** Shipments in Postgres. Every step may be repeated, and none is taken once the order is cancelled. */
import type { EventFrom } from "../_contracts/events.ts";
import type { Database } from "../_kit/database/postgres.ts";
import { once } from "../_kit/events/inbox.ts";
import { append, type EventsBroker } from "../_kit/events/outbox.ts";

export interface Shipment {
  /** The event that asked for it. */
  readonly eventId: string;
  readonly orderId: string;
  readonly userId: string;
}

export interface ShipmentStore {
  isCancelled(orderId: string): Promise<boolean>;
  /** False when the order is cancelled. */
  pick(shipment: Shipment): Promise<boolean>;
  /** False when the order is cancelled. */
  pack(shipment: Shipment): Promise<boolean>;
  /**
   * Ships the order and appends ParcelShipped in one transaction. False when the order is cancelled or was shipped for
   * this event before.
   */
  ship(shipment: Shipment): Promise<boolean>;
  /**
   * Cancels an order's shipment, also before it was requested. A parcel that has left is recalled. Undefined when it
   * was cancelled before.
   */
  cancel(shipment: Shipment): Promise<"cancelled" | "recalled" | undefined>;
}

export function shipmentStore(db: Database, broker: EventsBroker): ShipmentStore {
  return {
    isCancelled: async (orderId) => {
      const { rows } = await db.query(
        "SELECT 1 FROM shipments WHERE order_id = $1 AND cancelled_at IS NOT NULL",
        [orderId],
      );
      return rows.length > 0;
    },
    pick: async ({ orderId, userId }) => {
      const picked = await db.query(
        `INSERT INTO shipments AS mine (order_id, user_id, picked_at) VALUES ($1, $2, now())
         ON CONFLICT (order_id) DO UPDATE SET picked_at = COALESCE(mine.picked_at, now())
         WHERE mine.cancelled_at IS NULL`,
        [orderId, userId],
      );
      return picked.rowCount === 1;
    },
    pack: async ({ orderId }) => {
      const packed = await db.query(
        `UPDATE shipments SET packed_at = COALESCE(packed_at, now())
         WHERE order_id = $1 AND cancelled_at IS NULL`,
        [orderId],
      );
      return packed.rowCount === 1;
    },
    ship: async ({ eventId, orderId, userId }) => {
      const done = await once(db, "ship", eventId, async (tx) => {
        // Shipping and cancelling update the same row, so the second of them sees what the first did.
        const { rows } = await tx.query<{ shipped_at: Date }>(
          `UPDATE shipments SET shipped_at = now()
           WHERE order_id = $1 AND shipped_at IS NULL AND cancelled_at IS NULL RETURNING shipped_at`,
          [orderId],
        );
        const [row] = rows;
        if (row === undefined) return false;
        const payload = { orderId, userId, at: row.shipped_at.toISOString() };
        await append<EventFrom<"shipping">>(broker, tx, { type: "ParcelShipped", key: userId, payload });
        return true;
      });
      return done === true;
    },
    cancel: ({ eventId, orderId, userId }) =>
      once(db, "cancel", eventId, async (tx) => {
        const { rows } = await tx.query<{ shipped_at: Date | null }>(
          `INSERT INTO shipments AS mine (order_id, user_id, cancelled_at) VALUES ($1, $2, now())
           ON CONFLICT (order_id) DO UPDATE SET cancelled_at = now() WHERE mine.cancelled_at IS NULL
           RETURNING shipped_at`,
          [orderId, userId],
        );
        const [row] = rows;
        if (row === undefined) return undefined;
        return row.shipped_at === null ? "cancelled" : "recalled";
      }),
  };
}
