/** Gauges of a queue's jobs. A file of its own, so that a service without queues does not load BullMQ. */
import { type JobType, Queue } from "bullmq";
import type { Redis } from "ioredis";
import type { Unwatch } from "../events/gauges.ts";
import { ATTR, BATON, GAUGE } from "../telemetry/conventions.ts";
import { type Reading, readGauges } from "../telemetry/reading.ts";
import { PREFIX } from "./queue.ts";

/** Without completed jobs: they are kept only for their ids, against duplicates, and are no load. */
const STATES = [
  "wait",
  "active",
  "delayed",
  "prioritized",
  "waiting-children",
  "failed",
] as const satisfies readonly JobType[];

/** Jobs of the queue `name` by state. The caller keeps `redis`. */
export function watchQueue(name: string, redis: Redis): Unwatch {
  // This one only counts: it must not overwrite the settings of the queue that adds jobs.
  const queue = new Queue(name, { connection: redis, prefix: PREFIX, skipMetasUpdate: true });
  queue.on("error", () => {});
  const unwatch = readGauges({
    gauges: [GAUGE.queueJobs],
    read: async () => {
      const counts = await queue.getJobCounts(...STATES);
      return STATES.map(
        (state): Reading<typeof GAUGE.queueJobs> => ({
          name: GAUGE.queueJobs,
          value: counts[state] ?? 0,
          attributes: {
            [ATTR.messagingSystem]: "bullmq",
            [ATTR.destination]: name,
            [BATON.queueState]: state,
          },
        }),
      );
    },
  });
  return async () => {
    unwatch();
    await queue.close();
  };
}
