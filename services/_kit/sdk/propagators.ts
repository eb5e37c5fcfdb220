/**
 * The propagators of the standard `OTEL_PROPAGATORS`. Rows, messages and jobs store the context as W3C writes it, so
 * that trace context and baggage are always among them; B3 may travel beside them on calls.
 */
import type { TextMapPropagator } from "@opentelemetry/api";
import { W3CBaggagePropagator, W3CTraceContextPropagator } from "@opentelemetry/core";
import { entriesOf } from "./lists.ts";

const W3C = ["tracecontext", "baggage"];

/** In the order of the list; a later one wins. B3 is loaded on demand. Throws on a name that is not supported. */
export async function propagatorsFrom(env: NodeJS.ProcessEnv): Promise<TextMapPropagator[]> {
  const given = entriesOf(env.OTEL_PROPAGATORS);
  const names = new Set(given.length > 0 ? given : W3C);
  return Promise.all([...names].map(propagator));
}

async function propagator(name: string): Promise<TextMapPropagator> {
  if (name === "tracecontext") return new W3CTraceContextPropagator();
  if (name === "baggage") return new W3CBaggagePropagator();
  if (name !== "b3" && name !== "b3multi")
    throw new Error(`OTEL_PROPAGATORS: ${name} is not supported; tracecontext, baggage, b3 and b3multi are`);
  const { B3InjectEncoding, B3Propagator } = await import("@opentelemetry/propagator-b3");
  return name === "b3"
    ? new B3Propagator()
    : new B3Propagator({ injectEncoding: B3InjectEncoding.MULTI_HEADER });
}
