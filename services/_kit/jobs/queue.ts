/**
 * BullMQ, adding side. Its own telemetry interface can carry neither links nor status, so the context goes into
 * the job itself, in an envelope around the payload.
 */
import { type Context, context, type Link, SpanKind, trace } from "@opentelemetry/api";
import { type FlowJob, FlowProducer, type JobsOptions, Queue } from "bullmq";
import { Redis } from "ioredis";
import type * as z from "zod";
import { AppError } from "../process/errors.ts";
import { ATTR, LINK, METRIC } from "../telemetry/conventions.ts";
import { counter } from "../telemetry/metrics.ts";
import { inject } from "../telemetry/propagation.ts";
import { inSpan, startSpan } from "../telemetry/span.ts";
import type { Envelope } from "./envelope.ts";

/** A job to be added. Ids are `<kind>-<eventId>`, without `:`: adding twice is once, as long as the job is kept. */
export interface NewJob<N extends string = string, P extends object = object> {
  readonly name: N;
  readonly id: string;
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

/** A connection as BullMQ wants it: it waits for Redis to come back instead of failing commands. */
export function connectRedis(url: string): Redis {
  const redis = new Redis(url, { maxRetriesPerRequest: null });
  // Without a listener ioredis prints each lost connection itself; readiness reports it.
  redis.on("error", () => {});
  return redis;
}

export const jobOptions = (job: Pick<NewJob, "id" | "delayMs">): JobsOptions => ({
  jobId: job.id,
  attempts: JOB_ATTEMPTS,
  backoff: { type: "exponential", delay: 200 },
  // Longer than any redelivery, so that the id goes on protecting.
  removeOnComplete: { age: 24 * 3600, count: 50_000 },
  removeOnFail: { age: 24 * 3600, count: 50_000 },
  failParentOnFailure: true,
  ...(job.delayMs === undefined ? {} : { delay: job.delayMs }),
});

/** The queue `name` on `redis`; the connection stays the caller's. Without `J` nothing can be added. */
export function jobQueue<J extends NewJob = never>(name: string, redis: Redis): JobQueue<J> {
  const queue = new Queue(name, { connection: redis, prefix: PREFIX });
  const flows = new FlowProducer({ connection: redis, prefix: PREFIX });
  queue.on("error", () => {});
  flows.on("error", () => {});
  return {
    name,
    add: (job) =>
      // One job: its `send` span is its creation context.
      inSpan(`send ${name}.${job.name}`, producer("send", name, job), context.active(), async () => {
        await queue.add(job.name, envelope(job, context.active()), jobOptions(job));
        counter(METRIC.sentMessages).add(1, labels(name, job.name));
      }),
    addFlow: (flow) => addFlow(flows, name, flow),
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

const labels = (queue: string, job: string) => ({
  [ATTR.messagingSystem]: "bullmq",
  [ATTR.operationName]: "send",
  [ATTR.destinationTemplate]: `${queue}.${job}`,
});

function producer(operation: "create" | "send", queue: string, job: NewJob) {
  return {
    kind: SpanKind.PRODUCER,
    attributes: {
      ...labels(queue, job.name),
      [ATTR.operationName]: operation,
      [ATTR.operationType]: operation,
      [ATTR.destination]: queue,
      [ATTR.messageId]: job.id,
    },
  };
}

/** `ctx`: the job's creation context. */
function envelope(job: NewJob, ctx: Context): Envelope {
  return { carrier: inject(ctx), createdMs: Date.now(), payload: job.payload };
}

/**
 * A flow is a batch of messages: a `create` span for each job, and one `send` span that links to them all
 * (conventions, "Batch publishing").
 */
async function addFlow(flows: FlowProducer, queue: string, flow: NewFlow): Promise<void> {
  const links: Link[] = [];
  const toJob = (node: NewFlow): FlowJob => {
    // Children first, because they run first: a trace then reads in the order of the work.
    const children = node.children?.map(toJob) ?? [];
    const span = startSpan(`create ${queue}.${node.name}`, producer("create", queue, node));
    const data = envelope(node, trace.setSpan(context.active(), span));
    span.end();
    links.push({ context: span.spanContext(), attributes: { [LINK.reason]: LINK.creation } });
    return { name: node.name, queueName: queue, data, opts: jobOptions(node), children };
  };
  const tree = toJob(flow);
  const attributes = {
    ...labels(queue, "flow"),
    [ATTR.operationType]: "send",
    [ATTR.destination]: queue,
    [ATTR.batchCount]: links.length,
  };
  await inSpan(
    `send ${queue}.flow`,
    { kind: SpanKind.CLIENT, links, attributes },
    context.active(),
    async () => {
      await flows.add(tree);
    },
  );
  counter(METRIC.sentMessages).add(links.length, labels(queue, "flow"));
}
