/**
 * The headers by which a client takes part in tracing: W3C Trace Context, W3C Baggage and the correlation id. Made by
 * hand, because k6 has no library for them. A client that knows its trace id can name it when a check fails.
 */

export interface TraceHeaders {
  readonly traceId: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** What the headers carry besides the trace's ids. */
export interface Carried {
  readonly correlationId: string;
  /** Faults in the grammar of `services/_kit/telemetry/faults.ts`. */
  readonly faults: readonly string[];
  /** The run that the request belongs to. */
  readonly run: string;
}

/** A trace id is 16 bytes, a span id 8. */
export const RANDOM_BYTES = 24;

/** Makes the headers of one request. `random`: 24 random bytes. */
export function traceHeaders(random: Uint8Array, { correlationId, faults, run }: Carried): TraceHeaders {
  const hex = Array.from(random, (byte) => byte.toString(16).padStart(2, "0")).join("");
  const traceId = hex.slice(0, 32);
  const entries: [string, string][] = [["scenario.run", run]];
  if (faults.length > 0) entries.unshift(["fault", faults.join("|")]);
  return {
    traceId,
    headers: {
      // 01: sampled, as a client that traces says. The edge of the playground samples by its own judgement.
      traceparent: `00-${traceId}-${hex.slice(32, 48)}-01`,
      baggage: entries.map(([key, value]) => `${key}=${encodeURIComponent(value)}`).join(","),
      "x-correlation-id": correlationId,
    },
  };
}
