/** BullMQ, working side: each job in its own `process` span, with its wait since it could first have run. */

import { DelayedError, type Job, Queue, UnrecoverableError, Worker } from "bullmq";
import type { Redis } from "ioredis";
import type { Broker } from "../events/broker.ts";
import { type Delivery, deliver } from "../events/delivery.ts";
import { watchDeadLetters } from "../events/gauges.ts";
import { STOP_WITHIN_MS } from "../events/in-hand.ts";
import { AppError } from "../process/errors.ts";
import { endsWithin } from "../process/within.ts";
import { ATTR } from "../telemetry/conventions.ts";
import type { Logger } from "../telemetry/log.ts";
import type { AsyncMode } from "../telemetry/propagation.ts";
import { DeadJobs, failureText, jobsOf } from "./dead-jobs.ts";
import { readEnvelope } from "./envelope.ts";
import { JOB_ATTEMPTS, PREFIX, serverOf } from "./queue.ts";
import { type Done, type Envelope, forNextAttempt, handoverOf, jobsAt, waitOf } from "./tracing.ts";

/** A job as a handler sees it. */
export interface JobDelivery {
  /** The same in every attempt and redrive. */
  readonly id: string;
  readonly payload: unknown;
}

export interface WorkerOptions {
  readonly queue: string;
  readonly redis: Redis;
  /** Keeps the dead letters, and brings redriven jobs back. */
  readonly broker: Broker;
  readonly mode: AsyncMode;
  readonly log: Logger;
  readonly concurrency?: number;
  /** The most jobs that are started in a second, by all replicas together. Unlimited unless given. */
  readonly perSecond?: number;
  /** By job name. */
  readonly handlers: Readonly<Record<string, (job: JobDelivery) => Promise<void>>>;
}

export interface RunningWorker {
  /** Takes no more jobs. Resolves when those under way are done, or back in the queue after a timeout. */
  stop(): Promise<void>;
}

/** A sweep dead-letters the failed jobs that a worker that ended, or an outage of the broker, has left. */
const SWEEP_EVERY_MS = 30_000;

/** Works until stopped. Resolves when the worker takes jobs. */
export async function startWorker(options: WorkerOptions): Promise<RunningWorker> {
  const { queue: name, redis, broker, log } = options;
  const underWay = new Set<Job>();
  const worker = new Worker<unknown, Done>(
    name,
    async (job, token) => {
      underWay.add(job);
      return work(job, token, options).finally(() => underWay.delete(job));
    },
    {
      connection: redis,
      prefix: PREFIX,
      concurrency: options.concurrency ?? 16,
      ...(options.perSecond === undefined ? {} : { limiter: { max: options.perSecond, duration: 1_000 } }),
      lockDuration: 5_000,
      stalledInterval: 2_000,
      // A stalled job has lost its worker, which is no failure of the job. The default, 1, would fail it at the second.
      maxStalledCount: 5,
    },
  );
  worker.on("error", (err) =>
    log.warn({ err: err.message, [ATTR.destination]: name }, "the worker had an error"),
  );
  const burying = await buryFailed(worker, options);
  const unwatch = watchDeadLetters(broker, jobsOf(name));
  await worker.waitUntilReady();
  return {
    stop: async () => {
      await unwatch();
      // It takes no more jobs from here on.
      const closed = worker.close();
      if (!(await endsWithin(closed, STOP_WITHIN_MS))) {
        // Back into the queue, where another replica gets them at once. Otherwise their locks would have to run out.
        await Promise.all([...underWay].map((job) => job.moveToWait(job.token).catch(() => {})));
        closed.catch(() => {});
      }
      await burying.stop();
    },
  };
}

/** Dead-letters jobs that fail for good, at once and by sweeps, and takes redriven ones back. */
async function buryFailed(
  worker: Worker<unknown, Done>,
  { queue: name, redis, broker, log }: WorkerOptions,
): Promise<RunningWorker> {
  // This one only looks and adds: it must not overwrite the settings of the queue that adds jobs.
  const queue = new Queue(name, { connection: redis, prefix: PREFIX, skipMetasUpdate: true });
  queue.on("error", () => {});
  const dead = new DeadJobs({ queue, redis, broker, log });
  const underWay = new Set<Promise<void>>();
  const track = (work: Promise<void>) => {
    const tracked = work
      .catch((err) =>
        log.warn(
          { err, [ATTR.destination]: name },
          "a failed job could not be dead-lettered, the next sweep tries again",
        ),
      )
      .finally(() => underWay.delete(tracked));
    underWay.add(tracked);
  };
  worker.on("failed", (job) => {
    if (job?.finishedOn !== undefined) track(dead.bury(job));
  });
  const takingBack = await dead.takeBack();
  track(dead.sweep());
  const sweeping = setInterval(() => {
    // The previous sweep may still wait for a broker that is away.
    if (underWay.size === 0) track(dead.sweep());
  }, SWEEP_EVERY_MS);
  return {
    stop: async () => {
      clearInterval(sweeping);
      await takingBack.stop();
      // The next sweep does the rest.
      await endsWithin(Promise.all(underWay), STOP_WITHIN_MS);
      await queue.close();
    },
  };
}

async function work(
  job: Job<unknown, Done>,
  token: string | undefined,
  options: WorkerOptions,
): Promise<Done> {
  const { envelope, refused } = opened(job.data);
  const data: Partial<Envelope> = envelope ?? {};
  const handle = Object.hasOwn(options.handlers, job.name) ? options.handlers[job.name] : undefined;
  const delivery: Delivery = {
    // Unknown names come from others, and there may be any number of them.
    ...jobsAt({ name: options.queue, server: serverOf(options.redis) }, handle ? job.name : "_OTHER"),
    messageId: job.id ?? "",
    attempt: job.attemptsMade + 1,
    maxAttempts: job.opts.attempts ?? JOB_ATTEMPTS,
    handover: handoverOf(data),
    waits: [await waitOf(job, data.retryDueMs)],
  };
  const moment = data.redriven ? "restart" : "process";
  const outcome = await deliver(delivery, moment, options.mode, options.log, async () => {
    if (refused) throw refused;
    if (!handle) throw new AppError("invalid", "no handler has this name");
    await handle({ id: data.redriven?.id ?? delivery.messageId, payload: data.payload });
  });
  if (outcome.kind === "ack") return { doneMs: Date.now() };
  if (envelope) {
    const retryDueMs = Date.now() + 200 * 2 ** job.attemptsMade;
    await job.updateData(forNextAttempt(envelope, outcome.span, retryDueMs));
    if (outcome.kind === "retry" && outcome.error.over !== undefined) {
      // The worker stops during an outage. Giving the job back like this uses up no attempt.
      await job.moveToDelayed(retryDueMs, token);
      throw new DelayedError();
    }
  }
  if (outcome.kind === "retry") throw outcome.error;
  const { code, reason, message } = outcome.error;
  throw new UnrecoverableError(failureText(reason ?? code, message));
}

/** The envelope, or the error of reading it, which the delivery then fails with. */
function opened(data: unknown): { envelope?: Envelope; refused?: AppError } {
  try {
    return { envelope: readEnvelope(data) };
  } catch (thrown) {
    return { refused: AppError.from(thrown) };
  }
}
