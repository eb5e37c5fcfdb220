/** What both ends of an RPC agree on. */
import { Code } from "@connectrpc/connect";

/** Metadata: an id of this one call, outside the trace context, so that the two spans can be paired without it. */
export const REQUEST_ID_HEADER = "x-request-id";
/** Metadata of an error: the shop's word for what happened. */
export const REASON_HEADER = "error-reason";
export const CODE_HEADER = "error-code";

/** Headers have no case: `orderId` travels as `order-id`. */
export const kebab = (name: string): string => name.replace(/[A-Z]/g, (upper) => `-${upper.toLowerCase()}`);
export const camel = (name: string): string =>
  name.replace(/-([a-z])/g, (_, lower: string) => lower.toUpperCase());

/** So much of an error's text and metadata is sent; a header that is too large would cost the caller the whole answer. */
export const MAX_ERROR_TEXT = 512;

/** Any text as the value of a header: printable ASCII as it is, the rest escaped. */
export const toHeader = (text: string): string =>
  text
    .slice(0, MAX_ERROR_TEXT)
    .toWellFormed()
    .replace(/[^ -$&-~]+/g, encodeURIComponent);

/** Text from a header's value; what was not escaped by `toHeader` stays as it is. */
export function fromHeader(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}

/** gRPC's name of a code: `FAILED_PRECONDITION`. */
export function statusName(code: Code): string {
  return (Code[code] ?? "Unknown")
    .replace(/(?<=[a-z])(?=[A-Z])/g, "_")
    .toUpperCase()
    .replace("CANCELED", "CANCELLED");
}
