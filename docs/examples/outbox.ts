/** A context through a Postgres outbox: stored with the row when it is appended, taken up again when it is sent. */
import { connect, headers } from "@nats-io/transport-node";
import { context, propagation, ROOT_CONTEXT, SpanKind, trace } from "@opentelemetry/api";
import pg from "pg";

const tracer = trace.getTracer("your-app");
const db = new pg.Client({
  connectionString: process.env.POSTGRES_URL ?? "postgres://127.0.0.1:5432/postgres",
});
await db.connect();
await db.query("CREATE TABLE IF NOT EXISTS orders (id int)");
await db.query(
  "CREATE TABLE IF NOT EXISTS outbox (id serial, payload jsonb, carrier jsonb, sent_at timestamptz)",
);

// The request: what has changed and the event that tells of it commit together.
await tracer.startActiveSpan("create your-app.paid", { kind: SpanKind.PRODUCER }, async (span) => {
  try {
    // Now: a relay that asked for the active context when it sends would be in nobody's, or in another request's.
    const carrier = {};
    propagation.inject(context.active(), carrier);
    await db.query("BEGIN");
    await db.query("INSERT INTO orders (id) VALUES (7)");
    await db.query("INSERT INTO outbox (payload, carrier) VALUES ($1, $2)", [{ order: 7 }, carrier]);
    await db.query("COMMIT");
  } finally {
    span.end();
  }
});

// The relay, in its own time.
const { host, username: user, password: pass } = new URL(process.env.NATS_URL ?? "nats://127.0.0.1:4222");
const nats = await connect({ servers: host, ...(user === "" ? {} : { user, pass }) });
const { rows } = await db.query("SELECT id, payload, carrier FROM outbox WHERE sent_at IS NULL ORDER BY id");
for (const { id, payload, carrier } of rows) {
  const ctx = propagation.extract(ROOT_CONTEXT, carrier);
  const creation = trace.getSpanContext(ctx);
  const options = { kind: SpanKind.CLIENT, links: creation ? [{ context: creation }] : [] };
  await tracer.startActiveSpan("send your-app.paid", options, ctx, async (span) => {
    try {
      // The carrier as it was stored, not this span's: a consumer belongs to the creation, however often it is sent.
      const stored = headers();
      for (const [key, value] of Object.entries<string>(carrier)) stored.set(key, value);
      nats.publish("your-app.paid", JSON.stringify(payload), { headers: stored });
      await nats.flush();
      await db.query("UPDATE outbox SET sent_at = now() WHERE id = $1", [id]);
      console.log("sent:", payload, stored.get("traceparent"));
    } finally {
      span.end();
    }
  });
}
await nats.close();
await db.end();
