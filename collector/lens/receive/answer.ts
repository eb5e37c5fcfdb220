/** What a receiver says, as protobuf bytes: the export response of each signal and google.rpc.Status. */
import type { RefusalCode } from "../otlp/error.ts";
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
export const REJECTED_MESSAGE = "spans without a valid trace id and span id were left out";

/** ExportTraceServiceResponse and its siblings, which are the same on the wire. Empty for a full success. */
export function exportResponse({ rejected }: Pick<Accepted, "rejected">): Buffer {
  const writer = new Writer();
  if (rejected > 0) {
    writer.messageField(1, () => {
      writer.varintField(1, rejected);
      writer.bytesField(2, Buffer.from(REJECTED_MESSAGE));
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
