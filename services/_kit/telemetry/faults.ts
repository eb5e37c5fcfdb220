/**
 * Faults travel with a request, as the baggage entry `fault`:
 *
 *     <service>.<point>:<kind>[(arg)][*n]     several separated by |, at most 256 bytes
 *
 * e.g. `payments.charge:declined`, `shipping.pick:fail*2`. A fault bites only the first n attempts (default 1),
 * so that retry-then-succeed works. The code at the point decides which kinds there are.
 */
import { type Context, context, createContextKey, trace } from "@opentelemetry/api";
import { BAGGAGE, BATON } from "./conventions.ts";
import { baggageEntry } from "./propagation.ts";

export interface Fault {
  /** `<service>.<point>`. */
  readonly point: string;
  readonly kind: string;
  readonly arg: string | undefined;
  /** Bites attempts 1 to this. */
  readonly attempts: number;
}

const MAX_BYTES = 256;
const FAULT =
  /^(?<point>[a-z][a-z0-9-]*\.[a-z][a-z0-9-]*):(?<kind>[a-z][a-z0-9-]*)(?:\((?<arg>[^()|*]*)\))?(?:\*(?<n>[1-9][0-9]{0,3}))?$/;
const ATTEMPT = createContextKey("baton.attempt");

/** Parses the grammar above. Throws an Error that says which part is wrong. */
export function parseFaults(text: string): Fault[] {
  if (text === "") return [];
  if (Buffer.byteLength(text) > MAX_BYTES) throw new Error(`faults may have at most ${MAX_BYTES} bytes`);
  return text.split("|").map((part) => {
    const groups = FAULT.exec(part)?.groups;
    if (!groups?.point || !groups.kind) {
      throw new Error(
        `"${part}" is not a fault: <service>.<point>:<kind>[(arg)][*n], e.g. payments.charge:declined`,
      );
    }
    return { point: groups.point, kind: groups.kind, arg: groups.arg, attempts: Number(groups.n ?? "1") };
  });
}

/** The faults of a baggage value. One that does not parse has none: a client's mistake must not fail the request. */
function faultsOf(text: string | undefined): Fault[] {
  try {
    return text === undefined ? [] : parseFaults(text);
  } catch {
    return [];
  }
}

/** Sets the number of the attempt for what runs in `ctx`, from 1. Consumers and workers do so for each delivery. */
export function withAttempt(ctx: Context, attempt: number): Context {
  return ctx.setValue(ATTEMPT, attempt);
}

/** Returns the fault that bites at a fault point in this request, if there is one. */
export type FaultAt = (point: string) => Fault | undefined;

/** For a process with faults off: it ignores the request's baggage. */
export const noFault: FaultAt = () => undefined;

/**
 * Looks into the active context's baggage. A fault that bites is noted on the active span, so that it is not
 * mistaken for a real failure.
 */
export const faultAt: FaultAt = (point) => {
  const attempt = (context.active().getValue(ATTEMPT) as number | undefined) ?? 1;
  const fault = faultsOf(baggageEntry(BAGGAGE.fault)).find((f) => f.point === point && attempt <= f.attempts);
  if (fault)
    trace.getActiveSpan()?.setAttributes({ [BATON.faultPoint]: fault.point, [BATON.faultKind]: fault.kind });
  return fault;
};
