/**
 * The catalogue in Postgres. Every change writes its event in the same transaction, under the lock of the item's row.
 */
import type { Database, Sql } from "../../_kit/database/postgres.ts";
import { append, type EventsBroker } from "../../_kit/events/outbox.ts";
import { AppError } from "../../_kit/process/errors.ts";
import type { CatalogStore, Content, Item, ItemChange, ItemEvent, Restock } from "./ports.ts";

interface ItemRow {
  sku: string;
  title: string;
  price_cents: string;
  stock: string | null;
  retired: boolean;
  version: number;
  created_as: Content | null;
}

const toItem = ({ sku, title, price_cents, stock, retired, version }: ItemRow): Item => ({
  sku,
  title,
  priceCents: Number(price_cents),
  stock: stock === null ? null : Number(stock),
  retired,
  version,
});

export function catalogStore(db: Database, broker: EventsBroker): CatalogStore {
  /** Appends ItemChanged. Its key is the SKU, so that the versions of an item come in order. */
  const tell = async (tx: Sql, change: ItemChange, item: Item, at: Date): Promise<void> => {
    const payload = { ...item, change, at: at.toISOString() };
    await append<ItemEvent>(broker, tx, { type: "ItemChanged", key: item.sku, payload });
  };
  return {
    find: async (sku) => {
      const { rows } = await db.query<ItemRow>("SELECT * FROM products WHERE sku = $1", [sku]);
      return rows[0] && toItem(rows[0]);
    },
    page: async (after, limit) => {
      const { rows } = await db.query<ItemRow>(
        "SELECT * FROM products WHERE sku > $1 ORDER BY sku LIMIT $2",
        [after, limit],
      );
      return rows.map(toItem);
    },
    create: ({ sku, idempotencyKey, title, priceCents, stock }) =>
      db.transaction(async (tx) => {
        const created = await tx.query<ItemRow & { at: Date }>(
          `INSERT INTO products (sku, title, price_cents, stock, idempotency_key, created_as)
           VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING RETURNING *, clock_timestamp() AS at`,
          [sku, title, priceCents, stock, idempotencyKey, JSON.stringify({ title, priceCents, stock })],
        );
        const [row] = created.rows;
        if (row) {
          await tell(tx, "created", toItem(row), row.at);
          return { kind: "created", item: toItem(row) };
        }
        const byKey = await tx.query<ItemRow>("SELECT * FROM products WHERE idempotency_key = $1", [
          idempotencyKey,
        ]);
        const [known] = byKey.rows;
        if (known) return { kind: "known", item: toItem(known), as: known.created_as ?? undefined };
        const taken = await locked(tx, sku);
        return { kind: "taken", item: toItem(taken), as: taken.created_as ?? undefined };
      }),
    change: (sku, what, decide, once) =>
      db.transaction(async (tx) => {
        // A reservation waits for this lock, so the stock that is read here is the one that is changed.
        const item = toItem(await locked(tx, sku));
        const next = once && !(await isFirst(tx, once)) ? undefined : decide(item);
        if (next === undefined) return { item, changed: false };
        // The clock is read under the lock: the times of an item's versions grow as the versions do.
        const { rows } = await tx.query<ItemRow & { at: Date }>(
          `UPDATE products SET price_cents = $2, stock = $3, retired = $4, version = version + 1
           WHERE sku = $1 RETURNING *, clock_timestamp() AS at`,
          [sku, next.priceCents, next.stock, next.retired],
        );
        const [row] = rows;
        if (row === undefined) throw new Error(`the item ${sku} is gone while it is locked`);
        await tell(tx, what, toItem(row), row.at);
        return { item: toItem(row), changed: true };
      }),
  };
}

/** The item's row, locked until the transaction ends. */
async function locked(tx: Sql, sku: string): Promise<ItemRow> {
  const { rows } = await tx.query<ItemRow>("SELECT * FROM products WHERE sku = $1 FOR UPDATE", [sku]);
  if (!rows[0]) throw new AppError("not_found", "there is no item with this SKU");
  return rows[0];
}

/** Stores the restock under its key; false when it was stored before. Fails when the key came with another one. */
async function isFirst(tx: Sql, { idempotencyKey, sku, quantity }: Restock): Promise<boolean> {
  const stored = await tx.query(
    "INSERT INTO restocks (idempotency_key, sku, quantity) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
    [idempotencyKey, sku, quantity],
  );
  if (stored.rowCount === 1) return true;
  const same = await tx.query(
    "SELECT 1 FROM restocks WHERE idempotency_key = $1 AND sku = $2 AND quantity = $3",
    [idempotencyKey, sku, quantity],
  );
  if (same.rows.length === 1) return false;
  throw new AppError("invalid", "this idempotency key came with another request before", {
    reason: "idempotency_key_reused",
  });
}
