/** A context in a BullMQ job: in the job's data, beside the payload. Its worker begins a trace of its own. */
import { context, propagation, ROOT_CONTEXT, SpanKind, trace } from "@opentelemetry/api";
import { Queue, Worker } from "bullmq";
import { Redis } from "ioredis";

interface Envelope {
  readonly carrier: Record<string, string>;
  readonly payload: { readonly order: number };
}

const tracer = trace.getTracer("your-app");
const connection = new Redis(process.env.REDIS_URL ?? "redis://127.0.0.1:6379", {
  maxRetriesPerRequest: null,
});

// Who adds the job.
const queue = new Queue<Envelope>("your-app", { connection });
await tracer.startActiveSpan("send your-app.invoice", { kind: SpanKind.PRODUCER }, async (span) => {
  try {
    const carrier = {};
    propagation.inject(context.active(), carrier);
    await queue.add("invoice", { carrier, payload: { order: 7 } }, { removeOnComplete: true });
  } finally {
    span.end();
  }
});

// Who does it, perhaps tomorrow.
async function work({ carrier, payload }: Envelope): Promise<void> {
  const ctx = propagation.extract(ROOT_CONTEXT, carrier);
  const creation = trace.getSpanContext(ctx);
  // A root: what comes so late is no part of the request's time. The link leads there, and the baggage stays in `ctx`.
  const options = { kind: SpanKind.CONSUMER, root: true, links: creation ? [{ context: creation }] : [] };
  await tracer.startActiveSpan("process your-app.invoice", options, ctx, async (span) => {
    try {
      console.log("to be billed:", payload);
    } finally {
      span.end();
    }
  });
}
const worker = new Worker<Envelope>("your-app", ({ data }) => work(data), { connection });
await new Promise((resolve) => worker.once("completed", resolve));
await worker.close();
await queue.close();
await connection.quit();
