/** A context over NATS JetStream: into the headers of a message, and out of them where it is handled. */
import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import { connect, headers } from "@nats-io/transport-node";
import { context, propagation, ROOT_CONTEXT, SpanKind, trace } from "@opentelemetry/api";

const tracer = trace.getTracer("your-app");
const { host, username: user, password: pass } = new URL(process.env.NATS_URL ?? "nats://127.0.0.1:4222");
const nats = await connect({ servers: host, ...(user === "" ? {} : { user, pass }) });
const manager = await jetstreamManager(nats);
await manager.streams.add({ name: "YOUR_APP", subjects: ["your-app.>"] });
await manager.consumers.add("YOUR_APP", { durable_name: "mailer", ack_policy: "explicit" });
const stream = jetstream(nats);

// The producer.
await tracer.startActiveSpan("send your-app.placed", { kind: SpanKind.PRODUCER }, async (span) => {
  try {
    const carrier = headers();
    propagation.inject(context.active(), carrier, { set: (to, key, value) => to.set(key, value) });
    await stream.publish("your-app.placed", JSON.stringify({ order: 7 }), { headers: carrier });
  } finally {
    span.end();
  }
});

// The consumer.
const consumer = await stream.consumers.get("YOUR_APP", "mailer");
const message = await consumer.next({ expires: 5_000 });
if (!message) throw new Error("no message came within 5 s");
// From the root: what is active here, such as a poll, is not where this message comes from.
const ctx = propagation.extract(ROOT_CONTEXT, message.headers ?? headers(), {
  keys: (from) => from.keys(),
  get: (from, key) => (from.has(key) ? from.get(key) : undefined),
});
const creation = trace.getSpanContext(ctx);
// Below the message's creation, and linked to it: a tool that shows only one of the two still leads there.
const options = { kind: SpanKind.CONSUMER, links: creation ? [{ context: creation }] : [] };
await tracer.startActiveSpan("process your-app.placed", options, ctx, async (span) => {
  try {
    console.log("to be mailed:", message.json());
    await message.ackAck();
  } finally {
    span.end();
  }
});
await nats.drain();
