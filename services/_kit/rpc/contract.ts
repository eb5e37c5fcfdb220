/** What both ends of an RPC agree on. */
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
