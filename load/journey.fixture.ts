/** Makes journeys that a scenario accepts, so that tests can break one point at a time. */
import type { Journey, Span } from "../collector/lens/journey/model.ts";
import { journeysOf } from "../collector/lens/journey/shop.fixture.ts";
import { message, type SpanWords, span } from "../collector/lens/journey/spans.fixture.ts";
import { ATTR, BATON } from "../services/_kit/telemetry/conventions.ts";
import type { Expectation, Hop } from "./scenario.ts";

/** The attribute of each kind of wait. Waits of jobs and of streams end at a consumer. */
const WAITS = { outbox: BATON.waitOutbox, stream: BATON.waitStream, job: BATON.waitJob } as const;

/** The spans of a journey exactly as promised: the first hop is the root, every other one is its child. */
export function spansOf(expect: Expectation): Span[] {
  const [root, ...others] = expect.hops;
  if (!root) throw new Error("a scenario without hops");
  const of = (hop: Hop, words: SpanWords): Span =>
    span({ service: hop.service, name: hop.name, kind: hop.kind, start: 0, end: 10, ...words });
  const spans = [
    of(root, { at: "t/root" }),
    ...others.map((hop, n) => of(hop, { at: `t/h${n}`, parent: "root" })),
  ];
  const changed = spans.map((one) => slowed(failed(one, expect), expect));
  if (expect.waits.length === 0) return changed;
  const waited = Object.fromEntries(expect.waits.map((kind) => [WAITS[kind], 0.002]));
  const attributes = { ...message("m"), [BATON.outcome]: "ack", ...waited };
  return [...changed, span({ at: "t/waited", parent: "root", kind: "CONSUMER", start: 5, attributes })];
}

function failed(one: Span, { cause }: Expectation): Span {
  if (cause === null || one.service !== cause.service || one.name !== cause.name) return one;
  return { ...one, status: "ERROR", attributes: { ...one.attributes, [ATTR.errorType]: cause.errorType } };
}

function slowed(one: Span, { delay }: Expectation): Span {
  if (delay === null || one.service !== delay.service || one.name !== delay.name) return one;
  return { ...one, endNs: one.startNs + BigInt(delay.atLeastMs) * 1_000_000n };
}

/** The one journey of `spans`. */
export function journeyOfSpans(spans: readonly Span[]): Journey {
  const [journey, ...others] = journeysOf(spans);
  if (!journey || others.length > 0) throw new Error("not one journey");
  return journey;
}
