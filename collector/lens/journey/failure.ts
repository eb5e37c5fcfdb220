/**
 * Whether a span failed, and why. Not every library sets the status: an exception that nobody caught may be an event
 * alone, and some have failure events or attributes of their own.
 */
import { ATTR } from "../../../services/_kit/telemetry/conventions.ts";
import type { Span, SpanEvent } from "./model.ts";
import { wordOf } from "./names.ts";
import { textOf } from "./read.ts";

export interface Failure {
  /** Its `error.type`, or what comes nearest: the exception's type, the status that was answered. */
  readonly errorType: string;
  readonly message: string;
  /** False for a failure that gives no reason at all. */
  readonly saysWhy: boolean;
}

/** Events by which a library says that the work of a span failed, and the attribute with the reason. */
const FAILURE_EVENTS: Readonly<Record<string, string>> = { "job failed": "bullmq.job.failed.reason" };
/** Attributes that only failed work has: what they must be, or null for anything. They are their own reason. */
const FAILURE_ATTRIBUTES: Readonly<Record<string, string | null>> = {
  "celery.retry.reason": null,
  "celery.state": "FAILURE",
};
/** An exception that ended the work is the last that happened: what was caught is followed by more. */
const AT_THE_END_NS = 1_000_000n;
/** Types that say nothing. */
const EMPTY_TYPES: ReadonlySet<string> = new Set(["", "_OTHER", "error", "Error", "true"]);

/** Null for a span that did not fail. A status of OK is believed. */
export function failureOf(span: Span): Failure | null {
  if (span.status === "OK") return null;
  if (span.status === "ERROR") return reasonsOf(span);
  return hasFailedUnsaid(span) ? reasonsOf(span) : null;
}

/** True when the work of the span failed. */
export const isFailed = (span: Span): boolean =>
  span.status === "ERROR" || (span.status === "UNSET" && hasFailedUnsaid(span));

function hasFailedUnsaid(span: Span): boolean {
  for (const name in FAILURE_ATTRIBUTES) {
    const [wanted, value] = [FAILURE_ATTRIBUTES[name], span.attributes[name]];
    if (value !== undefined && (wanted === null || value === wanted)) return true;
  }
  return span.events.some((event) => Object.hasOwn(FAILURE_EVENTS, event.name) || isUnhandled(event, span));
}

function isUnhandled(event: SpanEvent, span: Span): boolean {
  if (event.name !== "exception") return false;
  const escaped = event.attributes["exception.escaped"];
  if (escaped !== undefined) return escaped === true || escaped === "true" || escaped === "True";
  // A server that answered below 500 has dealt with it.
  const answered = statusOf(span);
  if (span.kind === "SERVER" && answered > 0 && answered < 500) return false;
  return event.timeNs + AT_THE_END_NS >= span.endNs && span.endNs > 0n;
}

function reasonsOf(span: Span): Failure {
  const { attributes, events, statusMessage } = span;
  const exception = events.findLast((event) => event.name === "exception")?.attributes ?? {};
  const told = events.findLast((event) => Object.hasOwn(FAILURE_EVENTS, event.name));
  const toldWhy = told ? textOf(told.attributes, FAILURE_EVENTS[told.name] ?? "") : "";
  const own = textOf(attributes, "celery.retry.reason");
  const message = statusMessage || textOf(exception, "exception.message") || toldWhy || own;
  const errorType =
    wordOf(attributes, ATTR.errorType) || textOf(exception, "exception.type") || refusalOf(span);
  return { errorType, message, saysWhy: message !== "" || !EMPTY_TYPES.has(errorType) };
}

const statusOf = (span: Span): number => Number(wordOf(span.attributes, ATTR.httpStatus) || 0);

/** The status that was answered, when it is one of a failure; empty otherwise. */
function refusalOf(span: Span): string {
  const status = statusOf(span);
  if (status >= 400) return String(status);
  const rpc = wordOf(span.attributes, ATTR.rpcStatus);
  return rpc === "0" || rpc === "OK" ? "" : rpc;
}
