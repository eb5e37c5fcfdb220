/** The modules taken home: a BullMQ job that fails once. Its second attempt links to the first. */
import { Queue, Worker } from "bullmq";
import { Redis } from "ioredis";
import { type Ending, inProcessSpan } from "../../services/_kit/events/tracing.ts";
import {
  type Done,
  type Envelope,
  forNextAttempt,
  handoverOf,
  inSendSpan,
  jobsAt,
  waitOf,
} from "../../services/_kit/jobs/tracing.ts";

const connection = new Redis(process.env.REDIS_URL ?? "redis://127.0.0.1:6379", {
  maxRetriesPerRequest: null,
});
const BACKOFF_MS = 100;

const queue = new Queue<Envelope, Done>("your-retries", { connection });
const job = { name: "parcel", id: "parcel-7", payload: { order: 7 } };
await inSendSpan(queue, job, async (data) => {
  const options = { jobId: job.id, attempts: 3, backoff: BACKOFF_MS, removeOnComplete: true };
  await queue.add(job.name, data, options);
});

const worker = new Worker<Envelope, Done>(
  queue.name,
  async (taken) => {
    const delivery = {
      ...jobsAt(queue, taken.name),
      messageId: taken.id ?? "",
      attempt: taken.attemptsMade + 1,
      handover: handoverOf(taken.data),
      waits: [await waitOf(taken, taken.data.retryDueMs)],
    };
    const options = { moment: "process", mode: "parent+link" } as const;
    const ending = await inProcessSpan(delivery, options, async (span): Promise<Ending> => {
      if (delivery.attempt > 1) return { kind: "ack" };
      await taken.updateData(forNextAttempt(taken.data, span, Date.now() + BACKOFF_MS));
      return { kind: "retry", error: new Error("the printer is out of paper") };
    });
    console.log(`attempt ${delivery.attempt}: ${ending.kind}`);
    if (ending.error) throw ending.error;
    return { doneMs: Date.now() };
  },
  { connection },
);
await new Promise((resolve) => worker.once("completed", resolve));
await worker.close();
await queue.close();
await connection.quit();
