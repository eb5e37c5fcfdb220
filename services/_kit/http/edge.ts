/**
 * The trust boundary. Registered only in the process at the public edge, last in the composite propagator,
 * so that it decides during extraction. A middleware would be too late: the SERVER span would have started with
 * whatever the client sent.
 *
 * It takes `X-Correlation-ID` if it is harmless, else makes a new one, and REPLACES all baggage. Internal services
 * trust baggage, because all of it passes through here.
 */
import {
  type Context,
  createContextKey,
  isSpanContextValid,
  type Link,
  propagation,
  type Span,
  type SpanContext,
  type TextMapGetter,
  type TextMapPropagator,
  trace,
} from "@opentelemetry/api";
import { BAGGAGE, BATON, LINK } from "../telemetry/conventions.ts";

const CORRELATION_ID = /^[A-Za-z0-9._-]{1,128}$/;
/** The W3C's limit for a baggage header. */
const MAX_BAGGAGE_BYTES = 8192;
const MAX_ENTRY_BYTES = 256;

interface EdgeDecision {
  readonly mode: EdgeTrace;
  readonly refused: readonly string[];
  readonly caller: SpanContext | undefined;
}
const DECISION = createContextKey("baton.edge.decision");

/** `continue` goes on in the caller's trace; `restart` begins a new one that links to it. */
export type EdgeTrace = "continue" | "restart";

export interface EdgeOptions {
  readonly trace: EdgeTrace;
  /** Whether the entries `fault`, `async` and `scenario.run` are let in (`BATON_FAULTS=1`). */
  readonly faults: boolean;
}

function header<T>(carrier: T, getter: TextMapGetter<T>, name: string): string | undefined {
  const value = getter.get(carrier, name);
  return Array.isArray(value) ? value[0] : value;
}

/** Decides what is taken from a client's headers; see the file's comment. Injects nothing. */
export class EdgePropagator implements TextMapPropagator {
  readonly #options: EdgeOptions;
  readonly #newId: () => string;

  /** `newId`: makes the correlation id of a request that brings none, or one that is refused. */
  constructor(options: EdgeOptions, newId: () => string) {
    this.#options = options;
    this.#newId = newId;
  }

  inject(): void {}

  extract<T>(ctx: Context, carrier: T, getter: TextMapGetter<T>): Context {
    const refused: string[] = [];
    const caller = trace.getSpanContext(ctx);
    const known = caller !== undefined && isSpanContextValid(caller);
    if (!known && header(carrier, getter, "traceparent") !== undefined) refused.push("traceparent");

    const restart = known && this.#options.trace === "restart";
    const decision: EdgeDecision = {
      mode: this.#options.trace,
      refused,
      caller: restart ? caller : undefined,
    };
    let next = restart ? trace.deleteSpan(ctx) : ctx;
    next = propagation.setBaggage(next, this.#baggage(ctx, carrier, getter, refused));
    return next.setValue(DECISION, decision);
  }

  #baggage<T>(ctx: Context, carrier: T, getter: TextMapGetter<T>, refused: string[]) {
    const asked = header(carrier, getter, "x-correlation-id");
    const harmless = asked !== undefined && CORRELATION_ID.test(asked);
    if (asked !== undefined && !harmless) refused.push("correlation_id");
    // The first entry, because an injecting propagator keeps only a limited number of them.
    let baggage = propagation.createBaggage({
      [BAGGAGE.correlationId]: { value: harmless ? asked : this.#newId() },
    });

    const sent = header(carrier, getter, "baggage");
    if (sent !== undefined && Buffer.byteLength(sent) > MAX_BAGGAGE_BYTES) {
      refused.push("baggage");
      return baggage;
    }
    if (!this.#options.faults) return baggage;
    for (const key of [BAGGAGE.fault, BAGGAGE.async, BAGGAGE.scenarioRun]) {
      const entry = propagation.getBaggage(ctx)?.getEntry(key);
      if (entry === undefined) continue;
      if (Buffer.byteLength(entry.value) > MAX_ENTRY_BYTES) refused.push("baggage");
      else baggage = baggage.setEntry(key, { value: entry.value });
    }
    return baggage;
  }

  fields(): string[] {
    return ["x-correlation-id", "baggage"];
  }
}

/**
 * A span processor of the SDK. Says on the edge's SERVER span what was decided, and links it to a caller whose trace was not
 * continued.
 */
export class EdgeSpanProcessor {
  readonly #onRefused: (what: string) => void;

  /** `onRefused`: told what of a request's headers was refused, as `baton.edge.refused` says it on the span. */
  constructor(onRefused: (what: string) => void) {
    this.#onRefused = onRefused;
  }

  onStart(span: Span, parentContext: Context): void {
    const decision = parentContext.getValue(DECISION) as EdgeDecision | undefined;
    // The decision stays in the context of everything below. Only the span with a remote parent, or none, is the edge.
    const parent = trace.getSpanContext(parentContext);
    if (decision === undefined || (parent !== undefined && parent.isRemote !== true)) return;
    span.setAttribute(BATON.edge, decision.mode);
    if (decision.refused.length > 0) {
      span.setAttribute(BATON.edgeRefused, [...decision.refused]);
      for (const what of decision.refused) this.#onRefused(what);
    }
    if (decision.caller) {
      const link: Link = { context: decision.caller, attributes: { [LINK.reason]: LINK.caller } };
      span.addLink(link);
    }
  }
  onEnd(): void {}
  async forceFlush(): Promise<void> {}
  async shutdown(): Promise<void> {}
}
