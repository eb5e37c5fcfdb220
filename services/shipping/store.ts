/** Shipments in Postgres. Every step may be repeated. */
import type { OrderShipped } from "../_contracts/events.ts";
import { once } from "../_kit/inbox.ts";
import { append } from "../_kit/outbox.ts";
import type { Database } from "../_kit/postgres.ts";

export interface Shipment {
  /** The event that asked for it. */
  readonly eventId: string;
  readonly orderId: string;
  readonly userId: string;
}

export interface ShipmentStore {
  pick(shipment: Shipment): Promise<void>;
  pack(shipment: Shipment): Promise<void>;
  /** Shipped, and OrderShipped into the outbox, in one transaction. False when it had been shipped before. */
  ship(shipment: Shipment): Promise<boolean>;
}

export function shipmentStore(db: Database): ShipmentStore {
  return {
    pick: async ({ orderId, userId }) => {
      await db.query(
        `INSERT INTO shipments (order_id, user_id, picked_at) VALUES ($1, $2, now())
         ON CONFLICT (order_id) DO NOTHING`,
        [orderId, userId],
      );
    },
    pack: async ({ orderId }) => {
      await db.query("UPDATE shipments SET packed_at = COALESCE(packed_at, now()) WHERE order_id = $1", [
        orderId,
      ]);
    },
    ship: async ({ eventId, orderId, userId }) => {
      const done = await once(db, "ship", eventId, async (tx) => {
        await tx.query("UPDATE shipments SET shipped_at = now() WHERE order_id = $1", [orderId]);
        const payload: OrderShipped = { orderId, userId };
        await append(tx, { type: "OrderShipped", key: userId, payload });
        return true;
      });
      return done === true;
    },
  };
}
