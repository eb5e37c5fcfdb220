/** Orders in Postgres. Every change of state is guarded by the state that it starts from. */
import type { OrderConfirmed } from "../_contracts/events.ts";
import { once } from "../_kit/inbox.ts";
import { append } from "../_kit/outbox.ts";
import type { Database } from "../_kit/postgres.ts";
import type { Item, Order, OrderStatus, RejectionReason, Step } from "./order.ts";

export interface NewOrder {
  readonly orderId: string;
  readonly idempotencyKey: string;
  readonly userId: string;
  readonly items: readonly Item[];
  readonly totalCents: number;
}

export interface OrderStore {
  find(orderId: string): Promise<Order | undefined>;
  findByKey(idempotencyKey: string): Promise<Order | undefined>;
  /** PENDING, at the step `reserve`. False when this idempotency key has an order already. */
  place(order: NewOrder): Promise<boolean>;
  begin(orderId: string, step: Step): Promise<void>;
  /** PENDING -> CONFIRMED, and OrderConfirmed into the outbox, in one transaction. */
  confirm(orderId: string): Promise<Order>;
  /** PENDING -> REJECTED. */
  reject(orderId: string, reason: RejectionReason): Promise<Order>;
  /** CONFIRMED -> SHIPPED, once per event. False when this event has been here before. */
  ship(orderId: string, eventId: string): Promise<boolean>;
}

interface Row {
  order_id: string;
  user_id: string;
  status: OrderStatus;
  reason: string;
  items: Item[];
  total_cents: string;
  created_at: Date;
}

const toOrder = (row: Row): Order => ({
  orderId: row.order_id,
  userId: row.user_id,
  status: row.status,
  reason: row.reason,
  items: row.items,
  totalCents: Number(row.total_cents),
  createdAt: row.created_at,
});

export function orderStore(db: Database): OrderStore {
  const one = async (where: string, value: string) => {
    const { rows } = await db.query<Row>(`SELECT * FROM orders WHERE ${where} = $1`, [value]);
    return rows[0] && toOrder(rows[0]);
  };
  return {
    find: (orderId) => one("order_id", orderId),
    findByKey: (key) => one("idempotency_key", key),
    place: async (order) => {
      const placed = await db.query(
        `INSERT INTO orders (order_id, idempotency_key, user_id, status, items, total_cents, step)
         VALUES ($1, $2, $3, 'PENDING', $4, $5, 'reserve') ON CONFLICT (idempotency_key) DO NOTHING`,
        [order.orderId, order.idempotencyKey, order.userId, JSON.stringify(order.items), order.totalCents],
      );
      return placed.rowCount === 1;
    },
    begin: async (orderId, step) => {
      await db.query("UPDATE orders SET step = $2, updated_at = now() WHERE order_id = $1", [orderId, step]);
    },
    confirm: (orderId) =>
      db.transaction(async (tx) => {
        const { rows } = await tx.query<Row>(
          `UPDATE orders SET status = 'CONFIRMED', step = 'done', updated_at = now()
           WHERE order_id = $1 AND status = 'PENDING' RETURNING *`,
          [orderId],
        );
        const order = changed(rows, orderId);
        const { userId, items, totalCents } = order;
        const payload: OrderConfirmed = { orderId, userId, items: [...items], totalCents };
        await append(tx, { type: "OrderConfirmed", key: userId, payload });
        return order;
      }),
    reject: async (orderId, reason) => {
      const { rows } = await db.query<Row>(
        `UPDATE orders SET status = 'REJECTED', reason = $2, step = 'done', updated_at = now()
         WHERE order_id = $1 AND status = 'PENDING' RETURNING *`,
        [orderId, reason],
      );
      return changed(rows, orderId);
    },
    ship: async (orderId, eventId) => {
      const done = await once(db, "orders", eventId, async (tx) => {
        const { rows } = await tx.query<Row>(
          `UPDATE orders SET status = 'SHIPPED', updated_at = now()
           WHERE order_id = $1 AND status = 'CONFIRMED' RETURNING *`,
          [orderId],
        );
        return changed(rows, orderId);
      });
      return done !== undefined;
    },
  };
}

function changed(rows: readonly Row[], orderId: string): Order {
  const row = rows[0];
  if (row === undefined) throw new Error(`order ${orderId} is not in the state that this change starts from`);
  return toOrder(row);
}
