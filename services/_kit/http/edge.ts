/**
 * The trust boundary. Registered only in the process at the public edge, last in the composite propagator,
 * so that it decides during extraction. A middleware would be too late: the SERVER span would have started with the
 * context that the client sent.
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
/** What the SDK's propagator keeps of a baggage header. It silently drops the rest. */
const MAX_ENTRIES = 180;
const MAX_MEMBER_CHARS = 4096;

/** The W3C's limit of members, and their grammar: a key, also one of a tenant (`id@system`), and a printable value. */
const MAX_TRACE_STATE = 32;
const TRACE_STATE_MEMBER =
  /^(?:[a-z][a-z0-9_\-*/]{0,255}|[a-z0-9][a-z0-9_\-*/]{0,240}@[a-z][a-z0-9_\-*/]{0,13})=[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]$/;

/** Whether a `tracestate` can be parsed as a whole (W3C Trace Context, 3.3.1); empty members are allowed. */
function isTraceState(text: string): boolean {
  const members = text
    .split(",")
    .map((member) => member.replace(/^[ \t]+|[ \t]+$/g, ""))
    .filter((member) => member !== "");
  return members.length <= MAX_TRACE_STATE && members.every((member) => TRACE_STATE_MEMBER.test(member));
}

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

/** A header that may come several times and is then one list (RFC 9110, 5.3). */
function list<T>(carrier: T, getter: TextMapGetter<T>, name: string): string | undefined {
  const value = getter.get(carrier, name);
  return Array.isArray(value) ? value.join(",") : value;
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

    let continued = ctx;
    const traceState = list(carrier, getter, "tracestate");
    if (known && traceState !== undefined && !isTraceState(traceState)) {
      // The SDK drops the members that it cannot parse. The specification drops all of them.
      refused.push("tracestate");
      const { traceState: _broken, ...rest } = caller;
      continued = trace.setSpanContext(ctx, rest);
    }

    const restart = known && this.#options.trace === "restart";
    const baggage = this.#baggage(ctx, carrier, getter, refused);
    const decision: EdgeDecision = {
      mode: this.#options.trace,
      // Each kind once, also when several entries of a header were refused.
      refused: [...new Set(refused)],
      caller: restart ? caller : undefined,
    };
    const next = restart ? trace.deleteSpan(ctx) : continued;
    return propagation.setBaggage(next, baggage).setValue(DECISION, decision);
  }

  #baggage<T>(ctx: Context, carrier: T, getter: TextMapGetter<T>, refused: string[]) {
    const asked = header(carrier, getter, "x-correlation-id");
    const harmless = asked !== undefined && CORRELATION_ID.test(asked);
    if (asked !== undefined && !harmless) refused.push("correlation_id");
    // The first entry, because an injecting propagator keeps only a limited number of them.
    let baggage = propagation.createBaggage({
      [BAGGAGE.correlationId]: { value: harmless ? asked : this.#newId() },
    });

    const sent = list(carrier, getter, "baggage") ?? "";
    if (Buffer.byteLength(sent) > MAX_BAGGAGE_BYTES) {
      refused.push("baggage");
      return baggage;
    }
    const members = sent.split(",");
    if (members.length > MAX_ENTRIES || members.some((member) => member.length > MAX_MEMBER_CHARS))
      refused.push("baggage");
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
 * A span processor of the SDK. It puts the edge's decision on the SERVER span, and links the span to a caller whose
 * trace was not continued.
 */
export class EdgeSpanProcessor {
  readonly #onRefused: (what: string) => void;

  /** `onRefused`: called for each header that was refused, with the same name as in `baton.edge.refused`. */
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
