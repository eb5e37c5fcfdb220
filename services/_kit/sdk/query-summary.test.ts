import { expect, test } from "vitest";
import { summaryOf } from "./query-summary.ts";

test.each([
  ["SELECT * FROM orders WHERE order_id = $1 FOR UPDATE", "SELECT orders"],
  ["select * from orders", "select orders"],
  ["INSERT INTO inbox (consumer, event_id) VALUES ($1, $2) ON CONFLICT DO NOTHING", "INSERT inbox"],
  [
    "INSERT INTO sales (sku) VALUES ($1) ON CONFLICT (sku) DO UPDATE SET orders = sales.orders + 1",
    "INSERT sales",
  ],
  ["UPDATE sagas s SET owner = $2 FROM orders o WHERE s.order_id = o.order_id", "UPDATE sagas orders"],
  ["DELETE FROM attempts WHERE consumer = $1", "DELETE attempts"],
  ["SELECT o.*, h.status FROM orders o JOIN sagas s USING (order_id)", "SELECT orders sagas"],
  ["SELECT 1 FROM a, b AS c, only_one d WHERE a.x = c.x", "SELECT a b only_one"],
  ["SELECT * FROM orders AS mine, users", "SELECT orders users"],
  ["SELECT * FROM orders o JOIN orders p ON o.id = p.before", "SELECT orders"],
  ["SELECT * FROM shop.\"Order items\" WHERE x = 'FROM nowhere'", 'SELECT shop."Order items"'],
  ["INSERT INTO archive SELECT * FROM orders", "INSERT archive SELECT orders"],
  [
    "DELETE FROM inbox WHERE ctid = ANY (ARRAY(SELECT ctid FROM inbox LIMIT $2))",
    "DELETE inbox SELECT inbox",
  ],
  ["SELECT count(*) FROM (SELECT attempts FROM outbox LIMIT 10) AS some", "SELECT outbox"],
  ["SELECT $1, message FROM unnest($2::text[]) AS given (message)", "SELECT unnest"],
  ["SELECT extract(day FROM created_at) FROM orders", "SELECT orders"],
  ["SELECT a IS DISTINCT FROM b FROM orders", "SELECT orders"],
  ["SELECT pg_try_advisory_xact_lock($1, $2) AS got", "SELECT pg_try_advisory_xact_lock"],
  ["SELECT 1", "SELECT"],
  ["BEGIN", "BEGIN"],
  ["COMMIT;", "COMMIT"],
  ["LISTEN outbox", "LISTEN outbox"],
  ["-- why\nSELECT /* FROM here */ 1 FROM orders", "SELECT orders"],
  ["", ""],
])("%s is %s", (sql, summary) => {
  expect(summaryOf(sql)).toBe(summary);
  expect(summaryOf(sql), "the second time").toBe(summary);
});

test("what a WITH defines is no table, and a SELECT of nothing else says nothing", () => {
  const placing = `
    WITH placed AS (INSERT INTO orders (id) VALUES ($1) RETURNING *),
         told AS (INSERT INTO order_history SELECT id FROM placed)
    INSERT INTO sagas (id) SELECT id FROM placed`;
  expect(summaryOf(placing)).toBe("INSERT orders INSERT order_history INSERT sagas");
});

test("a summary of many tables ends before the word that makes it too long", () => {
  const tables = Array.from({ length: 50 }, (_, n) => `table_${n}_of_many`);
  const summary = summaryOf(`SELECT * FROM ${tables.join(", ")}`);
  expect(summary.length).toBeLessThanOrEqual(255);
  expect(`SELECT ${tables.join(" ")}`.startsWith(`${summary} `)).toBe(true);
  expect(summary.length).toBeGreaterThan(255 - 20);
});

test("statements without end take no memory without end: each is summarized, known or not", () => {
  for (let n = 0; n < 1_100; n += 1) expect(summaryOf(`SELECT ${n} FROM t${n}`)).toBe(`SELECT t${n}`);
});
