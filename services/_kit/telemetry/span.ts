/** Runs a function inside a span: started, made active, classified by how it ended, ended once. */
import {
  type Attributes,
  type Context,
  context,
  type Span,
  type SpanOptions,
  SpanStatusCode,
  trace,
} from "@opentelemetry/api";
import { ATTR, SCOPE } from "./conventions.ts";

const tracer = () =>
  trace.getTracerProvider().getTracer(SCOPE.name, SCOPE.version, { schemaUrl: SCOPE.schemaUrl });

/** Starts a span without making it active. The caller ends it. */
export function startSpan(name: string, options: SpanOptions, ctx: Context = context.active()): Span {
  return tracer().startSpan(name, options, ctx);
}

/**
 * An error that has its own low-cardinality `error.type`, such as the application's error class. Its message is written
 * for people, and is put on the span. The message of any other error may hold anything, and is not.
 */
interface Classified extends Error {
  readonly errorType: string;
}

const isClassified = (thrown: unknown): thrown is Classified =>
  thrown instanceof Error && "errorType" in thrown && typeof thrown.errorType === "string";

/** The low-cardinality `error.type` of anything that was thrown: its own, else the name of its class. */
export function errorType(thrown: unknown): string {
  if (isClassified(thrown)) return thrown.errorType;
  return thrown instanceof Error ? thrown.name : "_OTHER";
}

/** Marks a span as failed: status ERROR and `error.type`. The exception itself belongs in a log record. */
export function fail(span: Span, type: string, message = ""): void {
  span.setAttribute(ATTR.errorType, type);
  span.setStatus({ code: SpanStatusCode.ERROR, message });
}

/**
 * Runs `work` inside a span that is a child of `ctx`, unless the options say otherwise.
 * Returns what `work` returns. What it throws is classified and rethrown.
 */
export async function inSpan<T>(
  name: string,
  options: SpanOptions,
  ctx: Context,
  work: (span: Span) => Promise<T>,
): Promise<T> {
  const span = startSpan(name, options, ctx);
  try {
    return await context.with(trace.setSpan(ctx, span), work, undefined, span);
  } catch (thrown) {
    fail(span, errorType(thrown), isClassified(thrown) ? thrown.message : "");
    throw thrown;
  } finally {
    span.end();
  }
}

/**
 * Wraps a use case in an INTERNAL span, for the few whose failure is worth a name in the trace.
 * The composition does this, so that the use case itself knows nothing of spans.
 */
export function traced<A extends unknown[], T>(
  name: string,
  useCase: (...args: A) => Promise<T>,
  attributes: Attributes = {},
): (...args: A) => Promise<T> {
  return (...args) => inSpan(name, { attributes }, context.active(), () => useCase(...args));
}
