/** What a receiver says, as protobuf bytes: the export response of each signal and google.rpc.Status. */
import type { Signal } from "../counts.ts";
import { MAX_DEPTH } from "../otlp/cursor.ts";
import type { RefusalCode } from "../otlp/error.ts";
import { REJECT_REASONS, type RejectReason } from "../otlp/reading.ts";
import { MOST_VALUES } from "../otlp/walk.ts";
import { Writer } from "../otlp/writer.ts";
import type { Accepted } from "./intake.ts";

/** The codes of google.rpc.Code that lens uses, which are gRPC's status codes. */
export const RPC = {
  ok: 0,
  invalidArgument: 3,
  deadlineExceeded: 4,
  notFound: 5,
  resourceExhausted: 8,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
} as const;

/** OTLP lets a sender retry on `unavailable`, and on `resourceExhausted` only when it is told how long to wait. */
export const RPC_OF: Readonly<Record<RefusalCode, number>> = {
  malformed: RPC.invalidArgument,
  too_large: RPC.resourceExhausted,
  unsupported_type: RPC.unimplemented,
  slow: RPC.deadlineExceeded,
  busy: RPC.unavailable,
};

/** Why items of a request that was otherwise taken were left out. */
const WHY: Readonly<Record<RejectReason, string>> = {
  invalid_id: "spans without a valid trace id and span id were left out",
  too_complex: `what holds values nested deeper than ${MAX_DEPTH} levels, or more than ${MOST_VALUES} of them, was left out`,
};

/** How many items were left out, and why; null when none was. */
export function partialSuccess({
  rejected,
}: Pick<Accepted, "rejected">): { items: number; why: string } | null {
  const reasons = REJECT_REASONS.filter((reason) => rejected[reason] > 0);
  const items = reasons.reduce((sum, reason) => sum + rejected[reason], 0);
  return items > 0 ? { items, why: reasons.map((reason) => WHY[reason]).join("; ") } : null;
}

/** Field name of the rejected count in each signal's partial success, as JSON has it. */
export const REJECTED: Readonly<Record<Signal, string>> = {
  traces: "rejectedSpans",
  logs: "rejectedLogRecords",
  metrics: "rejectedDataPoints",
};

/** ExportTraceServiceResponse and its siblings, which are the same on the wire. Empty for a full success. */
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

/** google.rpc.Status. */
export function rpcStatus(code: number, message: string): Buffer {
  const writer = new Writer();
  writer.varintField(1, code);
  writer.bytesField(2, Buffer.from(message));
  return writer.finish();
}
