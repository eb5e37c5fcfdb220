/** What lies in a queue, as gauges. Apart from the others, so that a service without queues need not load BullMQ. */
import { type JobType, Queue } from "bullmq";
import type { Redis } from "ioredis";
import type { Unwatch } from "../events/gauges.ts";
import { ATTR } from "../telemetry/conventions.ts";
import { GAUGE, QUEUE_STATE } from "../telemetry/gauge-names.ts";
import { type Reading, readGauges } from "../telemetry/reading.ts";
import { PREFIX } from "./queue.ts";

/** Completed jobs are kept only so that their ids protect; they say nothing of the load. */
const STATES = [
  "wait",
  "active",
  "delayed",
  "prioritized",
  "waiting-children",
  "failed",
] as const satisfies readonly JobType[];

/** Jobs of the queue `name` by state. `redis` stays the caller's. */
export function watchQueue(name: string, redis: Redis): Unwatch {
  // Only to count: it must not write the queue's settings over those of the one that adds.
  const queue = new Queue(name, { connection: redis, prefix: PREFIX, skipMetasUpdate: true });
  queue.on("error", () => {});
  const unwatch = readGauges({
    units: { [GAUGE.queueJobs]: "{job}" },
    read: async () => {
      const counts = await queue.getJobCounts(...STATES);
      return STATES.map(
        (state): Reading<typeof GAUGE.queueJobs> => ({
          name: GAUGE.queueJobs,
          value: counts[state] ?? 0,
          attributes: { [ATTR.messagingSystem]: "bullmq", [ATTR.destination]: name, [QUEUE_STATE]: state },
        }),
      );
    },
  });
  return async () => {
    unwatch();
    await queue.close();
  };
}
