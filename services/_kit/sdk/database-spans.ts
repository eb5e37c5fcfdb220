/**
 * What the database instrumentations leave to their users: names of spans by the conventions, and which spans are worth
 * having. Hooks of theirs, and nothing else.
 */
import type { Attributes, Context, Link, Span, SpanKind } from "@opentelemetry/api";
import type { IORedisInstrumentationConfig } from "@opentelemetry/instrumentation-ioredis";
import type { PgInstrumentationConfig } from "@opentelemetry/instrumentation-pg";
import {
  type ReadableSpan,
  type Sampler,
  SamplingDecision,
  type SamplingResult,
} from "@opentelemetry/sdk-trace";
import { ATTR } from "../telemetry/conventions.ts";
import { summaryOf } from "./query-summary.ts";

/**
 * `queries`: without the spans that say no more than the spans around them: the statements that begin and end a
 * transaction, connecting, and the commands that the job queues send to Redis.
 */
export type DatabaseSpans = "queries" | "all";

/** Spans of Postgres: each is called after its statement. */
export const postgresConfig = (shown: DatabaseSpans): PgInstrumentationConfig => ({
  // A polling relay would write hundreds of root spans otherwise.
  requireParentSpan: true,
  ignoreConnectSpans: shown === "queries",
  requestHook: (span, { query }) => {
    if (!span.isRecording()) return;
    const summary = summaryOf(query.text);
    span.updateName(summary);
    span.setAttribute(ATTR.dbSummary, summary);
  },
});

/** Spans of Redis: each is called after its operation, `MULTI evalsha` within a transaction. */
export const redisConfig: IORedisInstrumentationConfig = {
  requireParentSpan: true,
  // BullMQ's scripts contain the whole job with payload and baggage, so only the command's name is kept.
  dbStatementSerializer: (command) => command,
  requestHook: (span) => {
    const operation = attributesOf(span)[ATTR.dbOperation];
    if (typeof operation === "string") span.updateName(operation);
  },
};

/** The hook is told the command alone; whether it is part of a transaction stands on the span already. */
const attributesOf = (span: Span): Attributes => (isReadable(span) ? span.attributes : {});

const isReadable = (span: Span): span is Span & ReadableSpan => "attributes" in span;

/** As the instrumentation calls its span before any hook: `pg.query:BEGIN baton_orders`. */
const TRANSACTION = /^pg\.query:(BEGIN|COMMIT|ROLLBACK)( |$)/;

/** Leaves out the statements that begin and end a transaction. `otherwise` decides on everything else. */
export class QueriesSampler implements Sampler {
  readonly #otherwise: Sampler;
  constructor(otherwise: Sampler) {
    this.#otherwise = otherwise;
  }

  shouldSample(
    ctx: Context,
    traceId: string,
    name: string,
    kind: SpanKind,
    attributes: Attributes,
    links: Link[],
  ): SamplingResult {
    if (attributes[ATTR.dbSystem] === "postgresql" && TRANSACTION.test(name))
      return { decision: SamplingDecision.NOT_RECORD };
    return this.#otherwise.shouldSample(ctx, traceId, name, kind, attributes, links);
  }

  toString(): string {
    return `Queries{${this.#otherwise.toString()}}`;
  }
}
