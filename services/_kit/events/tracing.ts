/**
 * The spans of a message on its way through an outbox and a broker to its handler, and of a job at its worker:
 * `create X`, `send X`, `receive X`, `process X`. `telemetry/propagation.ts` decides their parents and links. What only
 * one broker or queue knows is passed in.
 */
import {
  type Attributes,
  type Context,
  context,
  type Link,
  ROOT_CONTEXT,
  type SpanContext,
  SpanKind,
  trace,
} from "@opentelemetry/api";
import { ATTR, BAGGAGE, BATON } from "../telemetry/conventions.ts";
import { type Destination, spanAttributes } from "../telemetry/destination.ts";
import {
  type AsyncMode,
  baggageEntry,
  type Carrier,
  creationLink,
  extract,
  type Handover,
  inject,
  type Moment,
  place,
} from "../telemetry/propagation.ts";
import { errorType, fail, inSpan, startSpan } from "../telemetry/span.ts";

/** A message as its producer and its relay know it. */
export interface TracedMessage extends Destination {
  /** The broker's name for the destination. */
  readonly destination: string;
  readonly partition: string;
  readonly id: string;
}

const attributesOf = (operation: string, message: TracedMessage, ctx: Context): Attributes => ({
  ...spanAttributes(operation, message, ctx),
  [ATTR.destination]: message.destination,
  [ATTR.partition]: message.partition,
  [ATTR.messageId]: message.id,
});

/**
 * The span `create X`, which is the message's creation context. `store` must store the carrier unchanged with the
 * message, and returns the id of the outbox's row.
 */
export async function inCreateSpan(
  message: TracedMessage,
  store: (carrier: Carrier) => Promise<string>,
): Promise<void> {
  const ctx = context.active();
  const options = { kind: SpanKind.PRODUCER, attributes: attributesOf("create", message, ctx) };
  await inSpan(`create ${message.name}`, options, ctx, async (span) => {
    // The span `create X` is active here: it is the creation context.
    const carrier = inject();
    span.setAttribute(BATON.outboxId, await store(carrier));
  });
}

/** One attempt of a relay to send a row of an outbox. */
export interface Sending {
  readonly message: TracedMessage;
  readonly handover: Handover;
  /** The id of its row. */
  readonly outboxId: string;
  /** From 1. */
  readonly attempt: number;
  /** How long it waited in the outbox. Below 0 (clocks differ) counts as 0. */
  readonly waitMs: number;
}

/** The span `send X`. The message that `send` sends has the stored carrier, not this span's context. */
export async function inSendSpan(
  { message, handover, outboxId, attempt, waitMs }: Sending,
  mode: AsyncMode,
  send: () => Promise<void>,
): Promise<void> {
  const { ctx, options } = place("send", handover, mode);
  const attributes = {
    ...attributesOf("send", message, ctx),
    [BATON.outboxId]: outboxId,
    [BATON.attempt]: attempt,
    [BATON.waitOutbox]: secondsOf(waitMs),
  };
  await inSpan(`send ${message.name}`, { ...options, kind: SpanKind.CLIENT, attributes }, ctx, send);
}

/** Messages that a consumer takes together. */
export interface TracedBatch extends Destination {
  /** One for each message. */
  readonly carriers: readonly Carrier[];
  /** The broker's names for their destinations. */
  readonly destinations: readonly string[];
}

/**
 * The span `receive X`, which links to every message's creation context. `work` handles the messages one after the
 * other, each in its own `process` span under this one, which is not active.
 */
export async function inReceiveSpan(
  batch: TracedBatch,
  work: (receive: SpanContext) => Promise<void>,
): Promise<void> {
  const links = batch.carriers.map(creationLink).filter((link): link is Link => link !== undefined);
  const ctx = batchContext(batch.carriers);
  const [destination, another] = new Set(batch.destinations);
  const attributes = {
    ...spanAttributes("receive", batch, ctx),
    // Only what applies to all messages of a batch.
    ...(destination !== undefined && another === undefined ? { [ATTR.destination]: destination } : {}),
    [ATTR.batchCount]: batch.carriers.length,
  };
  const options = { kind: SpanKind.CLIENT, links, attributes };
  const span = startSpan(`receive ${batch.name}`, options, ctx);
  try {
    await work(span.spanContext());
  } finally {
    span.end();
  }
}

/**
 * The context that a batch is received in. It has no trace, and has baggage only when all messages belong to the same
 * request. A batch of several requests has no correlation id of its own; its links lead to each of them.
 */
function batchContext(carriers: readonly Carrier[]): Context {
  const contexts = carriers.map(extract);
  const [first] = contexts;
  const ids = new Set(contexts.map((ctx) => baggageEntry(BAGGAGE.correlationId, ctx)));
  return first && ids.size === 1 ? trace.deleteSpan(first) : ROOT_CONTEXT;
}

export type WaitKind = "outbox" | "stream" | "job";

/** A time in which the message waited, in ms. Below 0 (clocks differ) counts as 0. */
export interface Wait {
  readonly kind: WaitKind;
  readonly ms: number;
  /** What a job waited for. */
  readonly since?: "added" | "delay" | "children" | "retry";
}

/** A wait in seconds, for attributes and metrics. */
export const secondsOf = (ms: number): number => Math.max(0, ms) / 1e3;

/** One attempt to handle a message or a job. */
export interface TracedDelivery extends Destination {
  readonly messageId: string;
  /** From 1. */
  readonly attempt: number;
  readonly handover: Handover;
  readonly waits: readonly Wait[];
  /** Attributes of the span only: the partition, the broker's name for the destination. */
  readonly attributes?: Attributes;
}

/** How an attempt ended: done, to be retried, or a dead letter. */
export interface Ending {
  readonly kind: "ack" | "retry" | "dead-letter";
  readonly error?: Error;
}

export interface ProcessOptions {
  readonly moment: Moment;
  readonly mode: AsyncMode;
  /** Adds to the context of the work, which comes from the message. */
  readonly enter?: (ctx: Context) => Context;
}

/** The span `process X` around `work`, which returns how it ended. */
export function inProcessSpan<E extends Ending>(
  delivery: TracedDelivery,
  { moment, mode, enter = (ctx) => ctx }: ProcessOptions,
  work: (span: SpanContext) => Promise<E>,
): Promise<E> {
  const placed = place(moment, delivery.handover, mode);
  const attributes = {
    ...spanAttributes("process", delivery, placed.ctx),
    [ATTR.messageId]: delivery.messageId,
    [BATON.attempt]: delivery.attempt,
    ...Object.assign({}, ...delivery.waits.map(waitAttributes)),
    ...delivery.attributes,
  };
  const options = { ...placed.options, kind: SpanKind.CONSUMER, attributes };
  return inSpan(`process ${delivery.name}`, options, enter(placed.ctx), async (span) => {
    const ending = await work(span.spanContext());
    if (ending.error) fail(span, errorType(ending.error), ending.error.message);
    span.setAttribute(BATON.outcome, ending.kind);
    return ending;
  });
}

const WAIT_ATTRIBUTE: Record<WaitKind, string> = {
  outbox: BATON.waitOutbox,
  stream: BATON.waitStream,
  job: BATON.waitJob,
};

const waitAttributes = ({ kind, ms, since }: Wait): Attributes => ({
  [WAIT_ATTRIBUTE[kind]]: secondsOf(ms),
  ...(since ? { [BATON.waitJobSince]: since } : {}),
});
