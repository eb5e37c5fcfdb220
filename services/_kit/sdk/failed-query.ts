/**
 * The `error.type` of a query that failed. The instrumentation has no hook for failures, and says the code of one only
 * in the text of the exception that it puts on the span: from there it is taken as the span ends.
 */
import { SpanStatusCode } from "@opentelemetry/api";
import type { Span, SpanProcessor } from "@opentelemetry/sdk-trace";
import { ATTR } from "../telemetry/conventions.ts";

const CODE = /\(code: (\w+)\)$/;
/** What the instrumentation writes for an error without a code. */
const NONE = "UNKNOWN";
/** A code of the server (SQLSTATE); those of Node, such as EPIPE, have no digit. */
const OF_SERVER = /^(?=.*\d)[0-9A-Z]{5}$/;

/** Sets `error.type`, and `db.response.status_code` where the server itself has refused the query. */
export class FailedQueryProcessor implements SpanProcessor {
  onStart(): void {}

  onEnding(span: Span): void {
    if (span.status.code !== SpanStatusCode.ERROR || span.attributes[ATTR.dbSystem] !== "postgresql") return;
    const [, code = NONE] = CODE.exec(String(span.events.at(-1)?.attributes?.[ATTR.exceptionMessage])) ?? [];
    span.setAttribute(ATTR.errorType, code === NONE ? "_OTHER" : code);
    if (OF_SERVER.test(code)) span.setAttribute(ATTR.dbStatus, code);
  }

  onEnd(): void {}
  async forceFlush(): Promise<void> {}
  async shutdown(): Promise<void> {}
}
