/**
 * The state of the shop after the kills, read from every database: each order must be in an end state, and money,
 * stock, parcels and e-mails must match it.
 */
import { readdir } from "node:fs/promises";
import path from "node:path";
import { type TestPlayground, unsentOf } from "../playground.ts";

/** One order with everything that other services hold of it. */
export interface Books {
  readonly orderId: string;
  readonly key: string;
  readonly status: string;
  readonly reason: string;
  readonly charges: readonly string[];
  readonly reserved: boolean;
  readonly shipment: string;
  readonly confirmations: number;
  readonly refunds: number;
}

/** Reads the books of every order. */
export async function booksOf({ rows }: TestPlayground): Promise<Books[]> {
  const [orders, charges, reservations, shipments, emails] = await Promise.all([
    rows<{ order_id: string; idempotency_key: string; status: string; reason: string }>(
      "orders",
      "SELECT order_id, idempotency_key, status, reason FROM orders",
    ),
    rows<{ order_id: string; status: string }>(
      "payments",
      "SELECT order_id, CASE WHEN refunded_at IS NULL THEN status ELSE 'refunded' END AS status FROM charges",
    ),
    rows<{ order_id: string }>("inventory", "SELECT order_id FROM reservations WHERE released_at IS NULL"),
    rows<{ order_id: string; state: string }>(
      "shipping",
      `SELECT order_id, CASE WHEN cancelled_at IS NOT NULL THEN 'called back'
         WHEN shipped_at IS NOT NULL THEN 'shipped' ELSE 'waiting' END AS state FROM shipments`,
    ),
    rows<{ order_id: string | null; kind: string }>("notifications", "SELECT order_id, kind FROM emails"),
  ]);
  return orders.map(({ order_id: orderId, idempotency_key: key, status, reason }) => {
    const own = <T extends { order_id: string | null }>(all: readonly T[]): T[] =>
      all.filter((row) => row.order_id === orderId);
    const sent = own(emails).map(({ kind }) => kind);
    return {
      orderId,
      key,
      status,
      reason,
      charges: own(charges).map((row) => row.status),
      reserved: own(reservations).length > 0,
      shipment: own(shipments)[0]?.state ?? "none",
      confirmations: sent.filter((kind) => kind === "confirmation").length,
      refunds: sent.filter((kind) => kind === "refund").length,
    };
  });
}

/** The errors in an order's books, in words; empty when they agree. */
export function wrongWith(books: Books): string[] {
  const { status, reason, charges, reserved, shipment, confirmations, refunds } = books;
  const is = (right: boolean, word: string): string[] =>
    right ? [] : [`${books.key} (${status} ${reason}): ${word}; ${JSON.stringify(books)}`];
  const kept = charges.filter((charge) => charge === "charged").length;
  const back = charges.filter((charge) => charge === "refunded").length;
  if (status === "SHIPPED") {
    return [
      ...is(kept === 1 && charges.length === 1, "is not charged once"),
      ...is(reserved, "holds no stock"),
      ...is(shipment === "shipped", "has no parcel on its way"),
      ...is(confirmations === 1 && refunds === 0, "has not exactly one confirmation"),
    ];
  }
  return [
    ...is(status === "REJECTED" || status === "CANCELLED", "is in no end state"),
    ...is(kept === 0, "keeps the money"),
    ...is(!reserved, "keeps the stock"),
    ...is(shipment === "none" || shipment === "called back", "has a parcel on its way"),
    ...is(refunds === back, "has not an e-mail for each refund"),
    ...is(confirmations === 0 || status === "CANCELLED", "has a confirmation"),
  ];
}

/** Counts of unfinished work, which must be 0 in the end. */
export async function leftovers(playground: TestPlayground): Promise<Record<string, number>> {
  const { count } = playground;
  return {
    "orders in progress": await count(
      "orders",
      "SELECT count(*) FROM orders WHERE status IN ('PENDING', 'CONFIRMED')",
    ),
    "sagas in progress": await count("orders", "SELECT count(*) FROM sagas WHERE step <> 'done'"),
    "events unsent": await unsentOf(playground),
    "e-mails on record but not delivered":
      (await count("notifications", "SELECT count(*) FROM emails")) -
      // A killed mailer leaves an unfinished file under another name.
      (await readdir(path.join(playground.dir, "mail"))).filter((name) => name.endsWith(".eml")).length,
  };
}
