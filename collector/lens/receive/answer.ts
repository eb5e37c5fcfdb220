/**
 * What the doors of OTLP say, the same over HTTP and gRPC: export responses with what was left out, refusals with
 * whether and when to try again.
 *
 * Source: https://opentelemetry.io/docs/specs/otlp/, Status and RetryInfo of google.rpc.
 */
import type { Signal } from "../counts.ts";
import { MAX_DEPTH } from "../otlp/cursor.ts";
import type { RefusalCode } from "../otlp/error.ts";
import { REJECT_REASONS, type RejectReason } from "../otlp/read/reading.ts";
import { MOST_VALUES } from "../otlp/read/walk.ts";
import { Writer } from "../otlp/writer.ts";
import type { Accepted } from "./intake.ts";

/** A refusal in both protocols: an HTTP status, a code of google.rpc.Code (which gRPC's are), and when to try again. */
export interface Refusal {
  readonly http: number;
  readonly rpc: number;
  /** Seconds after which it may be tried again; null when it would be in vain. */
  readonly retryAfterS: number | null;
}

/** google.rpc.Code OK, and those for which there is no request yet that could be refused. */
export const OK = 0;
export const NOT_FOUND: Refusal = { http: 404, rpc: 5, retryAfterS: null };
export const WRONG_METHOD: Refusal = { http: 405, rpc: 12, retryAfterS: null };
export const FOREIGN: Refusal = { http: 403, rpc: 7, retryAfterS: null };
export const FAILED: Refusal = { http: 500, rpc: 13, retryAfterS: null };

/**
 * OTLP lets a sender try again on 429, 502, 503 and 504, and on UNAVAILABLE and some others, so that each pair here is
 * on the same side. A request that is too long is RESOURCE_EXHAUSTED without a time to wait, which is not to be tried
 * again.
 */
export const REFUSALS: Readonly<Record<RefusalCode, Refusal>> = {
  malformed: { http: 400, rpc: 3, retryAfterS: null },
  too_large: { http: 413, rpc: 8, retryAfterS: null },
  unsupported_type: { http: 415, rpc: 12, retryAfterS: null },
  slow: { http: 503, rpc: 14, retryAfterS: 1 },
  busy: { http: 503, rpc: 14, retryAfterS: 1 },
};

/** Why items of a request that was otherwise taken were left out. */
const WHY: Readonly<Record<RejectReason, string>> = {
  invalid_id: "spans without a valid trace id and span id were left out",
  too_complex: `what holds values nested deeper than ${MAX_DEPTH} levels, or more than ${MOST_VALUES} of them, was left out`,
};

/** How many items were left out, and why; null when none was. */
function partialSuccess({ rejected }: Pick<Accepted, "rejected">): { items: number; why: string } | null {
  const reasons = REJECT_REASONS.filter((reason) => rejected[reason] > 0);
  const items = reasons.reduce((sum, reason) => sum + rejected[reason], 0);
  return items > 0 ? { items, why: reasons.map((reason) => WHY[reason]).join("; ") } : null;
}

/** Field name of the rejected count in each signal's partial success, as JSON has it. */
const REJECTED: Readonly<Record<Signal, string>> = {
  traces: "rejectedSpans",
  logs: "rejectedLogRecords",
  metrics: "rejectedDataPoints",
};

/** ExportTraceServiceResponse and its siblings, in JSON. */
export function exportResponseJson(signal: Signal, accepted: Pick<Accepted, "rejected">): object {
  const partial = partialSuccess(accepted);
  if (!partial) return {};
  return { partialSuccess: { [REJECTED[signal]]: String(partial.items), errorMessage: partial.why } };
}

/** The same in protobuf, which is alike for all signals. Empty for a full success. */
export function exportResponse(accepted: Pick<Accepted, "rejected">): Buffer {
  const writer = new Writer();
  const partial = partialSuccess(accepted);
  if (partial) {
    writer.messageField(1, () => {
      writer.varintField(1, partial.items);
      writer.bytesField(2, Buffer.from(partial.why));
    });
  }
  return writer.finish();
}

const RETRY_INFO = "type.googleapis.com/google.rpc.RetryInfo";

/** google.rpc.Status in JSON, with a RetryInfo where it may be tried again. */
export function rpcStatusJson({ rpc, retryAfterS }: Refusal, message: string): object {
  const details =
    retryAfterS === null ? {} : { details: [{ "@type": RETRY_INFO, retryDelay: `${retryAfterS}s` }] };
  return { code: rpc, message, ...details };
}

/** The same in protobuf. */
export function rpcStatus({ rpc, retryAfterS }: Refusal, message: string): Buffer {
  const writer = new Writer();
  writer.varintField(1, rpc);
  writer.bytesField(2, Buffer.from(message));
  if (retryAfterS !== null) {
    writer.messageField(3, () => {
      writer.bytesField(1, Buffer.from(RETRY_INFO));
      // RetryInfo: a Duration, its seconds.
      writer.messageField(2, () => writer.messageField(1, () => writer.varintField(1, retryAfterS)));
    });
  }
  return writer.finish();
}
