/** BullMQ, working side: each job in its own `process` span, its wait counted from when it could first have run. */
import { type Job, UnrecoverableError, Worker } from "bullmq";
import type { Redis } from "ioredis";
import { type Delivery, deliver, type Wait } from "./delivery.ts";
import { AppError } from "./errors.ts";
import type { Logger } from "./log.ts";
import { type Envelope, JOB_ATTEMPTS, PREFIX } from "./queue.ts";
import { ATTR } from "./telemetry/conventions.ts";
import type { AsyncMode } from "./telemetry/propagation.ts";

/** A job as a handler sees it. */
export interface JobDelivery {
  readonly id: string;
  readonly payload: unknown;
}

export interface WorkerOptions {
  readonly queue: string;
  readonly redis: Redis;
  readonly mode: AsyncMode;
  readonly log: Logger;
  readonly concurrency?: number;
  /** By job name. */
  readonly handlers: Readonly<Record<string, (job: JobDelivery) => Promise<void>>>;
}

export interface RunningWorker {
  /** Takes no more jobs and resolves when those under way are done. */
  stop(): Promise<void>;
}

/** What a job answers to its parent: when it was done, because the parent's wait begins then. */
interface Done {
  readonly doneMs: number;
}

/** Works until stopped. Resolves when the worker takes jobs. */
export async function startWorker(options: WorkerOptions): Promise<RunningWorker> {
  const worker = new Worker<Envelope, Done>(options.queue, (job) => work(job, options), {
    connection: options.redis,
    prefix: PREFIX,
    concurrency: options.concurrency ?? 16,
    lockDuration: 5_000,
    stalledInterval: 2_000,
    // A job that is found stalled has lost its worker, not failed; 1 (the default) would fail it at the second time.
    maxStalledCount: 5,
  });
  worker.on("error", (err) =>
    options.log.warn({ err: err.message, queue: options.queue }, "the worker had an error"),
  );
  await worker.waitUntilReady();
  return { stop: () => worker.close() };
}

async function work(job: Job<Envelope, Done>, options: WorkerOptions): Promise<Done> {
  const { data } = job;
  const name = `${options.queue}.${job.name}`;
  const previous = data.previous;
  const delivery: Delivery = {
    system: "bullmq",
    destination: name,
    group: options.queue,
    messageId: job.id ?? "",
    attempt: job.attemptsMade + 1,
    maxAttempts: job.opts.attempts ?? JOB_ATTEMPTS,
    handover: {
      carrier: data.carrier,
      createdAtMs: data.createdMs,
      previousAttempt: previous && { ...previous, isRemote: true },
    },
    waits: [await waitOf(job)],
    attributes: { [ATTR.destination]: options.queue },
  };
  const outcome = await deliver(delivery, "process", options.mode, options.log, async () => {
    const handle = options.handlers[job.name];
    if (!handle) throw new AppError("invalid", `no handler for ${name}`);
    await handle({ id: delivery.messageId, payload: data.payload });
  });
  if (outcome.kind === "ack") return { doneMs: Date.now() };
  if (outcome.kind === "dead-letter")
    throw new UnrecoverableError(outcome.error.reason ?? outcome.error.code);
  const { traceId, spanId, traceFlags } = outcome.span;
  const retryDueMs = Date.now() + 200 * 2 ** job.attemptsMade;
  await job.updateData({ ...data, previous: { traceId, spanId, traceFlags }, retryDueMs });
  throw outcome.error;
}

/**
 * From the latest of: added plus delay, last child finished, retry due. (`processedOn - timestamp` is not it: the
 * children's run time and the back-off would count in.)
 */
async function waitOf(job: Job<Envelope, Done>): Promise<Wait> {
  const children: Record<string, Done> = await job.getChildrenValues();
  const starts: { atMs: number; since: NonNullable<Wait["since"]> }[] = [
    { atMs: job.timestamp, since: "added" },
    ...(job.opts.delay ? [{ atMs: job.timestamp + job.opts.delay, since: "delay" as const }] : []),
    ...Object.values(children).map((child) => ({ atMs: child.doneMs, since: "children" as const })),
    ...(job.data.retryDueMs === undefined ? [] : [{ atMs: job.data.retryDueMs, since: "retry" as const }]),
  ];
  const latest = starts.reduce((a, b) => (b.atMs > a.atMs ? b : a));
  return { kind: "job", ms: Date.now() - latest.atMs, since: latest.since };
}
