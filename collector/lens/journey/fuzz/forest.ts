/**
 * Random forests of spans, fast enough for a million of them: traces with several roots, links over traces, circles,
 * holes, hubs, versions of one span, shared ids, unfinished spans, wrong clocks. The same for the same seed.
 */
import { BATON, LINK } from "../../../../services/_kit/telemetry/conventions.ts";
import type { Attributes, Span, SpanKind, SpanLink, SpanStatus } from "../model.ts";

/** Numbers from a seed; mulberry32. */
export class Chance {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** At least 0 and below 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  }

  /** A whole number below `end`. */
  below(end: number): number {
    return Math.floor(this.next() * end);
  }

  is(share: number): boolean {
    return this.next() < share;
  }

  pick<T>(from: readonly [T, ...T[]]): T {
    return from[this.below(from.length)] ?? from[0];
  }

  shuffled<T>(from: readonly T[]): T[] {
    const all = [...from];
    for (let i = all.length - 1; i > 0; i--) {
      const j = this.below(i + 1);
      const [a, b] = [all[i] as T, all[j] as T];
      [all[i], all[j]] = [b, a];
    }
    return all;
  }
}

const KINDS: readonly [SpanKind, ...SpanKind[]] = [
  "INTERNAL",
  "SERVER",
  "CLIENT",
  "PRODUCER",
  "CONSUMER",
  "CONSUMER",
];
const STATUSES: readonly [SpanStatus, ...SpanStatus[]] = ["UNSET", "UNSET", "UNSET", "OK", "ERROR"];
const SERVICES: readonly [string, ...string[]] = ["gateway", "orders", "mail"];
const REASONS: readonly [string, ...string[]] = ["", "", LINK.creation, LINK.previousAttempt, LINK.caller];
const NO_ID = "0".repeat(16);

const traceId = (n: number): string => (n + 1).toString(16).padStart(32, "0");
const spanId = (n: number): string => (n + 1).toString(16).padStart(16, "0");

/** A forest and what it was made with. */
export interface Forest {
  /** In the order in which they were made, some of them in several versions. */
  readonly spans: readonly Span[];
  readonly links: number;
}

/** The forest of this seed. */
export function forestOf(seed: number): Forest {
  const chance = new Chance(seed);
  const traces = 1 + chance.below(6);
  const count = 1 + chance.below(chance.is(0.1) ? 60 : 14);
  /** Sometimes most links and parents lead to one span. */
  const hub = chance.is(0.3) ? { trace: chance.below(traces), own: chance.below(count) } : null;
  const isWild = chance.is(0.5);
  const spans: Span[] = [];
  let links = 0;
  for (let n = 0; n < count; n++) {
    const trace = chance.below(traces);
    const own = isWild && chance.is(0.1) ? chance.below(count) : n;
    const one = make(chance, { trace, own, earlier: isWild ? count : n, traces, hub });
    links += one.links.length;
    spans.push(one);
    if (chance.is(0.05)) spans.push({ ...one, endNs: 0n, status: "UNSET" });
    if (chance.is(0.05))
      spans.push({ ...one, kind: one.kind === "SERVER" ? "CLIENT" : "SERVER", service: "mail" });
  }
  return { spans, links };
}

interface Place {
  readonly trace: number;
  readonly own: number;
  /** Spans below this number may be referred to; of all when there may be circles. */
  readonly earlier: number;
  readonly traces: number;
  readonly hub: { readonly trace: number; readonly own: number } | null;
}

function make(chance: Chance, place: Place): Span {
  const { trace, own, earlier, hub } = place;
  const startNs =
    1_795_262_400_000_000_000n + BigInt(chance.below(6) + (chance.is(0.05) ? -9_000 : 0)) * 1_000_000n;
  const parent = hub?.trace === trace && chance.is(0.5) ? hub.own : chance.below(Math.max(1, earlier));
  const hasParent = chance.is(0.6) && earlier > 0;
  const service = chance.pick(SERVICES);
  return {
    traceId: traceId(trace),
    spanId: spanId(own),
    // Every tenth parent is nowhere.
    parentSpanId: hasParent ? spanId(chance.is(0.1) ? 999 : parent) : "",
    traceState: "",
    flags: chance.pick([0, 1, 0x101, 0x301]),
    name: chance.pick(["GET", "process", "send", "work"]),
    kind: chance.pick(KINDS),
    startNs,
    endNs: chance.is(0.05) ? 0n : startNs + BigInt(chance.below(4)) * 1_000_000n,
    status: chance.pick(STATUSES),
    statusMessage: chance.is(0.2) ? "why" : "",
    attributes: attributesOf(chance),
    events: chance.is(0.05) ? [{ timeNs: startNs + 3_000_000n, name: "exception", attributes: {} }] : [],
    links: linksOf(chance, place),
    resource: {},
    service,
    scope: "",
  };
}

function attributesOf(chance: Chance): Attributes {
  if (chance.is(0.5)) return {};
  return {
    ...(chance.is(0.3) && { [BATON.correlationId]: chance.pick(["a", "b"]) }),
    ...(chance.is(0.3) && { "messaging.message.id": chance.pick(["m", "n"]) }),
    ...(chance.is(0.1) && { [BATON.replay]: true }),
    ...(chance.is(0.1) && { [BATON.compensation]: true }),
  };
}

function linksOf(chance: Chance, { traces, earlier, hub }: Place): SpanLink[] {
  const links: SpanLink[] = [];
  for (let more = chance.is(0.4); more && links.length < 8; more = chance.is(0.5)) {
    const isLost = chance.is(0.1);
    const to =
      hub && chance.is(0.6) ? hub : { trace: chance.below(traces), own: chance.below(Math.max(1, earlier)) };
    links.push({
      traceId: traceId(isLost ? 99 : to.trace),
      spanId: chance.is(0.05) ? NO_ID : spanId(to.own),
      attributes: { [LINK.reason]: chance.pick(REASONS) },
    });
  }
  return links;
}
