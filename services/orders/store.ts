/**
 * Orders and their sagas in Postgres. Every change of state names the states that it may start from, and writes the
 * history and the event in the same transaction. A transaction that needs both rows locks the saga's first.
 */

import type { Database, Sql } from "../_kit/database/postgres.ts";
import { once } from "../_kit/events/inbox.ts";
import { append, type EventsBroker } from "../_kit/events/outbox.ts";
import { AppError } from "../_kit/process/errors.ts";
import { inject } from "../_kit/telemetry/propagation.ts";
import { type HistoryEntry, type Item, type Order, type OrderStatus, POSITION } from "./order.ts";
import type { OrderEvent } from "./order-events.ts";
import * as events from "./order-events.ts";
import type { Changes, Hold, OrderStore, Reading, Saga, Sagas } from "./ports.ts";

/** `leaseMs`: how long the owner of a saga keeps it after it began a step. */
export function orderStore(db: Database, broker: EventsBroker, leaseMs: number): OrderStore {
  const tell: Tell = (tx, event) => append<OrderEvent>(broker, tx, event);
  return { ...reading(db), ...sagas(db, tell, leaseMs), ...changes(db, tell, leaseMs) };
}

type Tell = (tx: Sql, event: OrderEvent) => Promise<string>;

interface OrderRow {
  order_id: string;
  user_id: string;
  status: OrderStatus;
  reason: string;
  items: Item[];
  total_cents: string;
  created_at: Date;
  updated_at: Date;
}

const toOrder = (row: OrderRow): Order => ({
  orderId: row.order_id,
  userId: row.user_id,
  status: row.status,
  reason: row.reason,
  items: row.items,
  totalCents: Number(row.total_cents),
  createdAt: row.created_at,
  updatedAt: row.updated_at,
});

function reading(db: Database): Reading {
  return {
    find: async (orderId) => {
      const { rows } = await db.query<OrderRow>("SELECT * FROM orders WHERE order_id = $1", [orderId]);
      return rows[0] && toOrder(rows[0]);
    },
    findByKey: async (key) => {
      // A checkout ends at position 2. Later positions do not change its answer.
      const { rows } = await db.query<OrderRow & { request_hash: string; under_way: boolean }>(
        `SELECT o.*, COALESCE(h.status, o.status) AS status, COALESCE(h.reason, o.reason) AS reason,
           COALESCE(h.at, o.updated_at) AS updated_at, s.owner IS NOT NULL AND s.due_at > now() AS under_way
         FROM orders o JOIN sagas s USING (order_id)
         LEFT JOIN order_history h ON h.order_id = o.order_id AND h.position = 2
         WHERE o.idempotency_key = $1`,
        [key],
      );
      const [row] = rows;
      return row && { order: toOrder(row), requestHash: row.request_hash, underWay: row.under_way };
    },
    history: async (orderId) => {
      const { rows } = await db.query<HistoryEntry>(
        "SELECT position, status, reason, at FROM order_history WHERE order_id = $1 ORDER BY position",
        [orderId],
      );
      return rows;
    },
    page: async (userId, after, limit) => {
      const { rows } = await db.query<OrderRow & { place: string }>(
        `SELECT *, to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS place FROM orders
         WHERE user_id = $1 AND ($2::timestamptz IS NULL OR (created_at, order_id) < ($2, $3))
         ORDER BY created_at DESC, order_id DESC LIMIT $4`,
        [userId, after?.createdAt, after?.orderId, limit],
      );
      return rows.map((row) => ({
        order: toOrder(row),
        place: { createdAt: row.place, orderId: row.order_id },
      }));
    },
  };
}

const LEASE = "now() + $1 * interval '1 ms'";
/** A row of `sagas s JOIN orders o` as a Saga. */
const SAGA = `s.order_id AS "orderId", s.owner, o.user_id AS "userId", s.step, s.charge_key AS "chargeKey", s.reason,
  s.carrier, s.attempts + 1 AS attempt`;

function sagas(db: Database, tell: Tell, leaseMs: number): Sagas {
  return {
    place: async (order) => {
      const placed = await db.query(
        `WITH placed AS (
           INSERT INTO orders (order_id, idempotency_key, request_hash, user_id, status, items, total_cents)
           VALUES ($2, $3, $4, $5, 'PENDING', $6, $7) ON CONFLICT (idempotency_key) DO NOTHING RETURNING *),
         told AS (INSERT INTO order_history SELECT order_id, 1, status, reason, created_at FROM placed)
         INSERT INTO sagas (order_id, step, carrier, owner, due_at)
         SELECT order_id, 'reserve', $8, $9, ${LEASE} FROM placed`,
        [
          leaseMs,
          order.orderId,
          order.idempotencyKey,
          order.requestHash,
          order.userId,
          JSON.stringify(order.items),
          order.totalCents,
          JSON.stringify(inject()),
          order.owner,
        ],
      );
      return placed.rowCount === 1;
    },
    begin: async ({ orderId, owner }, step, { chargeKey, reason }) => {
      const begun = await db.query(
        `UPDATE sagas SET step = $4, charge_key = COALESCE($5, charge_key), reason = COALESCE($6, reason), due_at = ${LEASE}
         WHERE order_id = $2 AND owner = $3`,
        [leaseMs, orderId, owner, step, chargeKey, reason],
      );
      return begun.rowCount === 1;
    },
    confirm: (hold) => ending(db, tell, hold, "CONFIRMED"),
    reject: (hold, reason) => ending(db, tell, hold, "REJECTED", reason),
    finish: async (hold) => {
      await done(db, hold);
    },
    letGo: async ({ orderId, owner }, restMs) => {
      await db.query(
        `UPDATE sagas SET owner = NULL, due_at = COALESCE(now() + $3 * interval '1 ms', due_at)
         WHERE order_id = $1 AND owner = $2`,
        [orderId, owner, restMs],
      );
    },
    take: async (owner, limit) => {
      const { rows } = await db.query<Saga>(
        `UPDATE sagas s SET owner = $2, due_at = ${LEASE}, attempts = attempts + 1 FROM orders o
         WHERE o.order_id = s.order_id AND s.order_id IN (
           SELECT order_id FROM sagas WHERE step <> 'done' AND due_at <= now()
           ORDER BY due_at LIMIT $3 FOR UPDATE SKIP LOCKED)
         RETURNING ${SAGA}`,
        [leaseMs, owner, limit],
      );
      return rows;
    },
  };
}

/** Ends the saga; false when another owner holds it. */
async function done(tx: Sql, { orderId, owner }: Hold): Promise<boolean> {
  const ended = await tx.query(
    "UPDATE sagas SET step = 'done', owner = NULL WHERE order_id = $1 AND owner = $2",
    [orderId, owner],
  );
  return ended.rowCount === 1;
}

function ending(
  db: Database,
  tell: Tell,
  hold: Hold,
  to: "CONFIRMED" | "REJECTED",
  reason = "",
): Promise<Order | undefined> {
  return db.transaction(async (tx) => {
    if (!(await done(tx, hold))) return undefined;
    const order = await change(tx, hold.orderId, ["PENDING"], to, { reason });
    // Thrown to roll the saga back. An owner's order is PENDING, so this should not happen.
    if (!order) throw new Error(`order ${hold.orderId} is not in the state that this change starts from`);
    await tell(tx, to === "CONFIRMED" ? events.orderConfirmed(order) : events.orderRejected(order));
    return order;
  });
}

/** Changes an order's state if it is in one of `from`, and writes it into the history. */
async function change(
  tx: Sql,
  orderId: string,
  from: readonly OrderStatus[],
  to: OrderStatus,
  more: { reason?: string; at?: Date } = {},
): Promise<Order | undefined> {
  const { rows } = await tx.query<OrderRow>(
    `WITH changed AS (
       UPDATE orders SET status = $3, reason = $4, updated_at = COALESCE($5, now())
       WHERE order_id = $1 AND status = ANY($2) RETURNING *),
     told AS (INSERT INTO order_history SELECT order_id, $6, status, reason, updated_at FROM changed)
     SELECT * FROM changed`,
    [orderId, from, to, more.reason ?? "", more.at, POSITION[to]],
  );
  return rows[0] && toOrder(rows[0]);
}

function changes(db: Database, tell: Tell, leaseMs: number): Changes {
  return {
    ship: async (orderId, eventId, at) => {
      const shipped = await once(db, "orders", eventId, async (tx) => {
        const order = await change(tx, orderId, ["CONFIRMED"], "SHIPPED", { at });
        if (order) return tell(tx, events.orderShipped(order)).then(() => "shipped" as const);
        const { status } = await locked(tx, orderId);
        if (status === "CANCELLED") return "cancelled" as const;
        throw new Error(`order ${orderId} is ${status}: it cannot have been shipped`);
      });
      return shipped ?? "repeated";
    },
    deliver: (orderId) =>
      db.transaction(async (tx) => {
        // The lock comes first. Without it an order that becomes SHIPPED meanwhile would be refused for being SHIPPED.
        await locked(tx, orderId);
        const delivered = await change(tx, orderId, ["SHIPPED"], "DELIVERED");
        if (!delivered) return { order: await already(tx, orderId, "DELIVERED"), changed: false };
        await tell(tx, events.orderDelivered(delivered));
        return { order: delivered, changed: true };
      }),
    cancel: (orderId, owner) =>
      db.transaction(async (tx) => {
        await tx.query("SELECT 1 FROM sagas WHERE order_id = $1 FOR UPDATE", [orderId]);
        const { status } = await locked(tx, orderId);
        const order = await change(tx, orderId, ["PENDING", "CONFIRMED"], "CANCELLED");
        if (!order) return { order: await already(tx, orderId, "CANCELLED") };
        await tell(tx, events.orderCancelled(order, status === "CONFIRMED"));
        const { rows } = await tx.query<Saga>(
          `UPDATE sagas s SET step = 'cancel', carrier = $3, owner = $4, due_at = ${LEASE}, attempts = 0 FROM orders o
           WHERE o.order_id = s.order_id AND s.order_id = $2 RETURNING ${SAGA}`,
          [leaseMs, orderId, JSON.stringify(inject()), owner],
        );
        return { order, ...(rows[0] && { saga: rows[0] }) };
      }),
  };
}

/** The order, locked until the transaction ends. */
async function locked(tx: Sql, orderId: string): Promise<Order> {
  const { rows } = await tx.query<OrderRow>("SELECT * FROM orders WHERE order_id = $1 FOR UPDATE", [orderId]);
  if (!rows[0]) throw new AppError("not_found", "there is no order with this id");
  return toOrder(rows[0]);
}

/** The order, if it has the state `to` already. Fails with reason `wrong_status` if it cannot come into it. */
async function already(tx: Sql, orderId: string, to: OrderStatus): Promise<Order> {
  const order = await locked(tx, orderId);
  if (order.status === to) return order;
  throw new AppError("precondition_failed", `an order that is ${order.status} cannot become ${to}`, {
    reason: "wrong_status",
    extra: { orderId, orderStatus: order.status },
  });
}
