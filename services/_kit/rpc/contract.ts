/** What both ends of an RPC agree on. */
/** Metadata of an error: the shop's own name for what happened. */
export const REASON_HEADER = "error-reason";
export const CODE_HEADER = "error-code";

/** Headers have no case, so `orderId` is sent as `order-id`. */
export const kebab = (name: string): string => name.replace(/[A-Z]/g, (upper) => `-${upper.toLowerCase()}`);
export const camel = (name: string): string =>
  name.replace(/-([a-z])/g, (_, lower: string) => lower.toUpperCase());

/** The most of an error's text and metadata that is sent: a header that is too large would cost the whole answer. */
export const MAX_ERROR_TEXT = 512;

/** Any text as the value of a header: printable ASCII unchanged, the rest escaped. */
export const toHeader = (text: string): string =>
  text
    .slice(0, MAX_ERROR_TEXT)
    .toWellFormed()
    .replace(/[^ -$&-~]+/g, encodeURIComponent);

/** Text from a header's value. A value that `toHeader` did not escape is unchanged. */
export function fromHeader(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
