/** What pages in a browser may send. */

/** Headers that carry a request's context; a page that traces sends them. */
export const CONTEXT_HEADERS: readonly string[] = [
  "traceparent",
  "tracestate",
  "baggage",
  "X-Correlation-ID",
];
