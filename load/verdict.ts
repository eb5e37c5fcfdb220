/**
 * Compares the results of a scenario's request with its promises: the answer, the order's final state, the journey.
 * Pure. It reports every difference at once, not only the first.
 */
import { complete } from "../collector/lens/journey/complete.ts";
import type { Journey } from "../collector/lens/journey/model.ts";
import { type Answered, type Finding, judgeAnswer } from "./answer.ts";
import type { Expectation, Hop, Scenario } from "./scenario.ts";

/** The results of one request. */
export interface Outcome {
  readonly answer: Answered;
  /** The order's state at the end; undefined when it was not read. */
  readonly orderStatus?: string | undefined;
  readonly journey: Journey;
}

export interface Verdict {
  readonly passed: boolean;
  /** Empty when it passed. */
  readonly findings: readonly Finding[];
}

/** The verdict on one request of `scenario`. */
export function verdictOn(scenario: Scenario, outcome: Outcome): Verdict {
  const { expect } = scenario;
  const { answer, orderStatus, journey } = outcome;
  const findings = [...judgeAnswer(answer, expect), ...judgeJourney(journey, expect)];
  if (orderStatus !== undefined && orderStatus !== expect.orderStatus) {
    findings.push({ what: "order at the end", expected: expect.orderStatus, found: orderStatus || "none" });
  }
  return { passed: findings.length === 0, findings };
}

type Promised = Pick<Expectation, "hops" | "never" | "cause" | "waits" | "delay">;

/** A finding for each difference between a journey and the promise; empty when there is none. */
export function judgeJourney(journey: Journey, expect: Promised): Finding[] {
  return [
    ...judgeHops(journey, expect),
    ...judgeContext(journey),
    ...judgeCause(journey, expect.cause),
    ...judgeWaits(journey, expect.waits),
    ...judgeDelay(journey, expect.delay),
  ];
}

const hopText = ({ service, name, kind }: Hop): string => `${service} ${name} ${kind}`;

function judgeHops(journey: Journey, { hops, never }: Promised): Finding[] {
  const { missing } = complete(journey, hops);
  const absent = new Set(complete(journey, never).missing);
  return [
    ...hops
      .filter((hop) => missing.includes(hop))
      .map((hop) => ({ what: "hop", expected: hopText(hop), found: "none" })),
    ...never
      .filter((hop) => !absent.has(hop))
      .map((hop) => ({ what: "hop", expected: `no ${hopText(hop)}`, found: "one" })),
  ];
}

/** Checks that every hop passed the context on, and that every message has arrived. */
function judgeContext({ orphans, inFlight, rootMissing, spans }: Journey): Finding[] {
  const lost = spans.filter(({ edge }) => edge === "correlation").map(({ span }) => span);
  const findings: Finding[] = [];
  const none = (what: string, found: readonly string[]): void => {
    if (found.length > 0) findings.push({ what, expected: "none", found: found.join(", ") });
  };
  none("orphans", orphans);
  none("messages in flight", inFlight);
  none(
    "hops that dropped the context",
    lost.map(({ service, name }) => `${service} ${name}`),
  );
  if (rootMissing) findings.push({ what: "root", expected: "the gateway's span", found: "none" });
  return findings;
}

function judgeCause({ cause }: Journey, expected: Promised["cause"]): Finding[] {
  const text = (of: Promised["cause"]): string =>
    of === null ? "none" : `${of.service} ${of.name} ${of.errorType || "without error.type"}`;
  return text(cause) === text(expected)
    ? []
    : [{ what: "cause", expected: text(expected), found: text(cause) }];
}

function judgeWaits({ waits }: Journey, expected: Promised["waits"]): Finding[] {
  const found = new Set(waits.map(({ kind }) => kind));
  const text = (kinds: Iterable<string>): string => [...kinds].sort().join(", ") || "none";
  const backwards = waits
    .filter(({ startNs, endNs }) => endNs < startNs)
    .map(({ kind, key }) => `${kind} ${key}`);
  return [
    ...(text(found) === text(new Set(expected))
      ? []
      : [{ what: "waits", expected: text(new Set(expected)), found: text(found) }]),
    ...backwards.map((wait) => ({ what: "wait", expected: "0 or more", found: `less: ${wait}` })),
  ];
}

function judgeDelay({ spans }: Journey, expected: Promised["delay"]): Finding[] {
  if (expected === null) return [];
  const { service, name, atLeastMs } = expected;
  const lasted = spans
    .filter(({ span }) => span.service === service && span.name === name)
    .map(({ span }) => Number(span.endNs - span.startNs) / 1e6);
  const longestMs = Math.max(...lasted, 0);
  // Timers and spans use different clocks: a timer may seem to fire a fraction of a millisecond early.
  if (longestMs + 1 >= atLeastMs) return [];
  const found = lasted.length === 0 ? "no such span" : `${longestMs.toFixed(1)} ms`;
  return [{ what: `time in ${service} ${name}`, expected: `${atLeastMs} ms or more`, found }];
}
