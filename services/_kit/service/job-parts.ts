/** The parts of a service for jobs: its queues, its workers, and their gauges. */
import type { Broker } from "../events/broker.ts";
import { watchQueue } from "../jobs/gauges.ts";
import { connectRedis, type JobQueue, jobQueue } from "../jobs/queue.ts";
import { startWorker, type WorkerOptions } from "../jobs/worker.ts";
import type { AsyncMode } from "../telemetry/propagation.ts";
import type { Life } from "./main.ts";

export type JobHandlers = WorkerOptions["handlers"];

export interface Jobs {
  readonly queues: ReadonlyMap<string, JobQueue<never>>;
  /** Starts the worker of `queue` and the queue's gauges. `perSecond`: see `startWorker`. */
  workOff(
    queue: string,
    handlers: JobHandlers,
    options: { readonly broker: Broker; readonly mode: AsyncMode; readonly perSecond?: number },
  ): Promise<void>;
}

/** Connects to Redis, opens the queues, and registers their releases. */
export function openJobs(url: string, names: readonly string[], { log, releaser }: Life): Jobs {
  const redis = releaser.add("redis", connectRedis(url), (r) => r.disconnect());
  const queues = new Map(
    names.map((name) => [name, releaser.add(`queue ${name}`, jobQueue(name, redis), (q) => q.close())]),
  );
  return {
    queues,
    workOff: async (queue, handlers, options) => {
      const worker = await startWorker({ queue, redis, log, handlers, ...options });
      releaser.add(`worker of ${queue}`, worker, (w) => w.stop());
      releaser.add(`gauges of ${queue}`, watchQueue(queue, redis), (end) => end());
    },
  };
}
