/**
 * Where faults are off, no process takes from a request's baggage what only a playground lets a request ask for:
 * faults, the mode of its consumers, the scenario's run. The edge lets none of them in, but any program of this machine
 * can reach a port behind the edge.
 */
import { type Context, propagation, type TextMapPropagator } from "@opentelemetry/api";
import { BAGGAGE } from "../telemetry/conventions.ts";

const ASKED = [BAGGAGE.fault, BAGGAGE.async, BAGGAGE.scenarioRun];

/** Registered last in the composite propagator: it removes the entries after extraction. It injects nothing. */
export class IgnoreAskedPropagator implements TextMapPropagator {
  inject(): void {}

  extract(ctx: Context): Context {
    const baggage = propagation.getBaggage(ctx);
    if (!baggage) return ctx;
    return propagation.setBaggage(ctx, baggage.removeEntries(...ASKED));
  }

  fields(): string[] {
    return [];
  }
}
