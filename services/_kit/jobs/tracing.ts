/**
 * BullMQ: the context is in the job itself, in an envelope around its payload, because BullMQ's own telemetry interface
 * has neither links nor status. `send X` and `create X` are made here. `process X` is made by `events/tracing.ts`, from
 * what this file reads from a job.
 */
import {
  type Attributes,
  type Context,
  context,
  type Link,
  type SpanContext,
  SpanKind,
  trace,
} from "@opentelemetry/api";
import type { FlowJob, Job, JobsOptions } from "bullmq";
import type { Wait } from "../events/tracing.ts";
import { ATTR, BATON, LINK } from "../telemetry/conventions.ts";
import { type Destination, labelsOf, spanAttributes } from "../telemetry/destination.ts";
import { type Carrier, type Handover, inject } from "../telemetry/propagation.ts";
import { inSpan, startSpan } from "../telemetry/span.ts";

/** The data of a job. */
export interface Envelope {
  /** The job's creation context. */
  readonly carrier: Carrier;
  /** Unix ms. */
  readonly createdMs: number;
  /** Set between attempts: the failed span, and when the next attempt is due. */
  readonly previous?: Pick<SpanContext, "traceId" | "spanId" | "traceFlags"> | undefined;
  readonly retryDueMs?: number | undefined;
  /** Set on a redriven job: how often it was redriven, and its first id. */
  readonly redriven?: { readonly times: number; readonly id: string } | undefined;
  readonly payload?: unknown;
}

/** A job that is to be added. */
export interface TracedJob {
  readonly name: string;
  readonly id: string;
  readonly payload: object;
}

/** A job that runs when its children are done. */
interface TracedFlow<F> extends TracedJob {
  readonly children?: readonly F[];
}

/** `messaging.system.name`. */
const SYSTEM = "bullmq";

export interface TracedQueue {
  readonly name: string;
  /** The attributes of Redis' address. */
  readonly server?: Attributes;
}

/** A queue's jobs of one name. The conventions have no word for that name: the queue is the destination. */
export const jobsAt = ({ name, server }: TracedQueue, job: string): Destination => ({
  system: SYSTEM,
  name: `${name}.${job}`,
  labels: { [ATTR.destination]: name, [BATON.jobName]: job, ...server },
});

/** A queue's flows: the jobs of one have several names. */
const flowsAt = ({ name, server }: TracedQueue): Destination => ({
  system: SYSTEM,
  name: `${name}.flow`,
  labels: { [ATTR.destination]: name, ...server },
});

/** The labels for the metrics of adding a job, or a flow when there is no `job`. */
export const sendLabels = (queue: TracedQueue, job?: string): Attributes =>
  labelsOf("send", job === undefined ? flowsAt(queue) : jobsAt(queue, job));

const producer = (operation: "create" | "send", queue: TracedQueue, job: TracedJob, ctx: Context) => ({
  kind: SpanKind.PRODUCER,
  attributes: { ...spanAttributes(operation, jobsAt(queue, job.name), ctx), [ATTR.messageId]: job.id },
});

/** `ctx`: the job's creation context. */
const envelope = (job: TracedJob, ctx: Context): Envelope => ({
  carrier: inject(ctx),
  createdMs: Date.now(),
  payload: job.payload,
});

/** The span `send X` around `add`, which adds the job with this data. For a single job it is the creation context. */
export function inSendSpan(
  queue: TracedQueue,
  job: TracedJob,
  add: (data: Envelope) => Promise<void>,
): Promise<void> {
  const ctx = context.active();
  return inSpan(`send ${queue.name}.${job.name}`, producer("send", queue, job, ctx), ctx, () =>
    add(envelope(job, context.active())),
  );
}

/**
 * A flow is a batch of messages: a `create` span for each job, and one `send` span around `add` that links to them all
 * (conventions, "Batch publishing").
 */
export async function inFlowSpan<F extends TracedFlow<F>>(
  queue: TracedQueue,
  flow: F,
  optionsOf: (job: F) => JobsOptions,
  add: (tree: FlowJob, jobs: number) => Promise<void>,
): Promise<void> {
  const ctx = context.active();
  const links: Link[] = [];
  const toJob = (node: F): FlowJob => {
    // Children first, because they run first: the spans are then in the order of the work.
    const children = node.children?.map(toJob) ?? [];
    const span = startSpan(`create ${queue.name}.${node.name}`, producer("create", queue, node, ctx), ctx);
    const data = envelope(node, trace.setSpan(ctx, span));
    span.end();
    links.push({ context: span.spanContext(), attributes: { [LINK.reason]: LINK.creation } });
    return { name: node.name, queueName: queue.name, data, opts: optionsOf(node), children };
  };
  const tree = toJob(flow);
  const attributes = { ...spanAttributes("send", flowsAt(queue), ctx), [ATTR.batchCount]: links.length };
  const options = { kind: SpanKind.CLIENT, links, attributes };
  await inSpan(`send ${queue.name}.flow`, options, ctx, () => add(tree, links.length));
}

/** The handover for a job's `process` span; empty without an envelope. */
export const handoverOf = ({ carrier = {}, createdMs, previous }: Partial<Envelope>): Handover => ({
  carrier,
  createdAtMs: createdMs,
  previousAttempt: previous && { ...previous, isRemote: true },
});

/** The envelope for the next attempt, which is due at `retryDueMs` and links to `failed`. */
export const forNextAttempt = (
  data: Envelope,
  { traceId, spanId, traceFlags }: SpanContext,
  retryDueMs: number,
): Envelope => ({ ...data, previous: { traceId, spanId, traceFlags }, retryDueMs });

/** What a job returns to its parent: when it was done, because the parent's wait begins then. */
export interface Done {
  readonly doneMs: number;
}

/**
 * The wait since the latest of: added plus delay, last child done, retry due. (`processedOn - timestamp` would include
 * the children's run time and the back-off.)
 */
export async function waitOf(job: Job<unknown, Done>, retryDueMs: number | undefined): Promise<Wait> {
  const children: Record<string, Done> = await job.getChildrenValues();
  const starts: { atMs: number; since: NonNullable<Wait["since"]> }[] = [
    { atMs: job.timestamp, since: "added" },
    ...(job.opts.delay ? [{ atMs: job.timestamp + job.opts.delay, since: "delay" as const }] : []),
    ...Object.values(children).map((child) => ({ atMs: child.doneMs, since: "children" as const })),
    ...(retryDueMs === undefined ? [] : [{ atMs: retryDueMs, since: "retry" as const }]),
  ];
  const latest = starts.reduce((a, b) => (b.atMs > a.atMs ? b : a));
  return { kind: "job", ms: Date.now() - latest.atMs, since: latest.since };
}
