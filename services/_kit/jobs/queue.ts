/** BullMQ, adding side: the jobs, their options, and the spans around adding them (`tracing.ts`). */
import { FlowProducer, type JobsOptions, Queue } from "bullmq";
import { Redis } from "ioredis";
import type * as z from "zod";
import { AppError } from "../process/errors.ts";
import { serverLabels } from "../telemetry/destination.ts";
import { countSent } from "../telemetry/messages.ts";
import { inFlowSpan, inSendSpan, sendLabels, type TracedJob } from "./tracing.ts";

/** A job to be added. Ids are `<kind>-<eventId>`, without `:`. An id is added once, as long as its job is kept. */
export interface NewJob<N extends string = string, P extends object = object> extends TracedJob {
  readonly name: N;
  readonly payload: P;
  readonly delayMs?: number;
}

/** The jobs of a table of schemas, `S`: one for each name, with the payload that its schema reads. */
export type JobsOf<S extends Readonly<Record<string, z.ZodType<object>>>> = {
  [N in keyof S & string]: NewJob<N, z.output<S[N]>>;
}[keyof S & string];

/** A job that runs when its children are done. */
export type NewFlow<J extends NewJob = NewJob> = J & { readonly children?: readonly NewFlow<J>[] };

/** Takes the jobs `J` and no others: a misspelt name or a wrong payload does not compile. */
export interface JobQueue<J extends NewJob> {
  readonly name: string;
  readonly add: (job: J) => Promise<void>;
  readonly addFlow: (flow: NewFlow<J>) => Promise<void>;
  ready(): Promise<void>;
  close(): Promise<void>;
}

export const PREFIX = "baton";
export const JOB_ATTEMPTS = 5;

/** A connection as BullMQ needs it: while Redis is away, commands wait instead of failing. */
export function connectRedis(url: string): Redis {
  const redis = new Redis(url, { maxRetriesPerRequest: null });
  // Without a listener ioredis prints each lost connection itself; readiness reports it.
  redis.on("error", () => {});
  return redis;
}

/** The attributes of the server that `redis` connects to. */
export const serverOf = ({ options: { host = "127.0.0.1", port = 6379 } }: Redis) =>
  serverLabels({ address: host, port });

export const jobOptions = (job: Pick<NewJob, "id" | "delayMs">): JobsOptions => ({
  jobId: job.id,
  attempts: JOB_ATTEMPTS,
  backoff: { type: "exponential", delay: 200 },
  // Longer than any redelivery, so that the id prevents duplicates.
  removeOnComplete: { age: 24 * 3600, count: 50_000 },
  removeOnFail: { age: 24 * 3600, count: 50_000 },
  failParentOnFailure: true,
  ...(job.delayMs === undefined ? {} : { delay: job.delayMs }),
});

/** The queue `name` on `redis`. The caller keeps the connection. Without `J` nothing can be added. */
export function jobQueue<J extends NewJob = never>(name: string, redis: Redis): JobQueue<J> {
  const traced = { name, server: serverOf(redis) };
  const queue = new Queue(name, { connection: redis, prefix: PREFIX });
  const flows = new FlowProducer({ connection: redis, prefix: PREFIX });
  queue.on("error", () => {});
  flows.on("error", () => {});
  return {
    name,
    add: (job) =>
      inSendSpan(traced, job, (data) =>
        countSent(sendLabels(traced, job.name), 1, async () => {
          await queue.add(job.name, data, jobOptions(job));
        }),
      ),
    addFlow: (flow) =>
      inFlowSpan<NewFlow>(traced, flow, jobOptions, (tree, jobs) =>
        countSent(sendLabels(traced), jobs, async () => {
          await flows.add(tree);
        }),
      ),
    ready: async () => {
      if (redis.status !== "ready") throw new AppError("unavailable", `Redis is not there (${redis.status})`);
      await redis.ping();
    },
    close: async () => {
      await queue.close();
      await flows.close();
    },
  };
}
