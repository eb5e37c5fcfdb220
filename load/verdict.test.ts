import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Span } from "../collector/lens/journey/model.ts";
import { message, span } from "../collector/lens/journey/spans.fixture.ts";
import { findingText } from "./answer.ts";
import { journeyOfSpans, spansOf } from "./journey.fixture.ts";
import type { Hop, Scenario } from "./scenario.ts";
import checkout from "./scenarios/checkout.ts";
import { scenarios } from "./scenarios/index.ts";
import outOfStock from "./scenarios/out-of-stock.ts";
import declined from "./scenarios/payment-declined.ts";
import slow from "./scenarios/payment-slow.ts";
import { hopId } from "./shapes.ts";
import { judgeJourney, verdictOn } from "./verdict.ts";

const judged = (scenario: Scenario, spans: readonly Span[]): string[] =>
  judgeJourney(journeyOfSpans(spans), scenario.expect).map(findingText);
const answered = ({ expect: { httpStatus, answeredStatus } }: Scenario) => ({
  httpStatus,
  orderStatus: answeredStatus,
});
const isAt = (hop: Hop) => (one: Span) =>
  one.service === hop.service && one.name === hop.name && one.kind === hop.kind;

describe("a journey as promised passes", () => {
  test.each(scenarios)("$name", (scenario) => {
    const journey = journeyOfSpans(spansOf(scenario.expect));
    const outcome = { answer: answered(scenario), orderStatus: scenario.expect.orderStatus, journey };
    expect(verdictOn(scenario, outcome)).toEqual({ passed: true, findings: [] });
  });
});

test("a promised hop that is missing is named, and no other", () => {
  const cases = scenarios.flatMap((scenario) =>
    scenario.expect.hops.slice(1).map((hop) => ({ scenario, hop })),
  );
  fc.assert(
    fc.property(fc.constantFrom(...cases), ({ scenario, hop }) => {
      const found = judged(
        scenario,
        spansOf(scenario.expect).filter((one) => !isAt(hop)(one)),
      );
      expect(found).toContain(`hop: expected ${hop.service} ${hop.name} ${hop.kind}, found none`);
      expect(found.filter((text) => text.startsWith("hop"))).toHaveLength(1);
    }),
    { numRuns: cases.length * 2 },
  );
});

test("a forbidden hop is named, and no other", () => {
  for (const scenario of scenarios) {
    expect(scenario.expect.never.length).toBeGreaterThan(0);
    for (const hop of scenario.expect.never) {
      const stray = span({
        at: "t/stray",
        parent: "root",
        start: 1,
        service: hop.service,
        name: hop.name,
        kind: hop.kind,
      });
      expect(judged(scenario, [...spansOf(scenario.expect), stray])).toEqual([
        `hop: expected no ${hop.service} ${hop.name} ${hop.kind}, found one`,
      ]);
    }
  }
});

/** Whether a journey exactly as `other` promises also keeps all promises of `scenario`. */
function covers(other: Scenario["expect"], scenario: Scenario["expect"]): boolean {
  const ids = new Set(other.hops.map(hopId));
  const hasDelay = ({ delay }: Scenario["expect"]) => JSON.stringify(delay) === JSON.stringify(other.delay);
  return (
    scenario.hops.every((hop) => ids.has(hopId(hop))) &&
    !scenario.never.some((hop) => ids.has(hopId(hop))) &&
    JSON.stringify(scenario.cause) === JSON.stringify(other.cause) &&
    new Set(scenario.waits).symmetricDifference(new Set(other.waits)).size === 0 &&
    (scenario.delay === null || hasDelay(scenario))
  );
}

test("no scenario accepts another's journey, unless the other makes all the same promises", () => {
  for (const scenario of scenarios) {
    for (const other of scenarios.filter((one) => one !== scenario)) {
      const found = judged(scenario, spansOf(other.expect));
      const taken = found.length === 0;
      expect(taken, `${other.name} as ${scenario.name}`).toBe(covers(other.expect, scenario.expect));
    }
  }
  expect(judged(checkout, spansOf(slow.expect)), "a slow checkout is still a checkout").toEqual([]);
  expect(judged(slow, spansOf(checkout.expect)), "a quick checkout is not a slow one").not.toEqual([]);
  for (const other of [declined, outOfStock]) expect(judged(checkout, spansOf(other.expect))).not.toEqual([]);
});

test("a wrong answer and a wrong final state are both named", () => {
  const journey = journeyOfSpans(spansOf(checkout.expect));
  const answer = { httpStatus: 504, orderStatus: "" };
  expect(verdictOn(checkout, { answer, orderStatus: "PENDING", journey }).findings.map(findingText)).toEqual([
    "status: expected 201, found 504",
    "order in the answer: expected CONFIRMED, found none",
    "order at the end: expected SHIPPED, found PENDING",
  ]);
  expect(
    verdictOn(checkout, { answer: answered(checkout), journey }).passed,
    "the final state was not read",
  ).toBe(true);
});

test("a wrong cause is named, and so is a cause where none was promised", () => {
  const charge = { service: "payments", name: "charge", kind: "INTERNAL" } as const;
  const spoilt = spansOf(declined.expect).map((one) =>
    isAt(charge)(one) ? { ...one, attributes: { "error.type": "deadline_exceeded" } } : one,
  );
  expect(judged(declined, spoilt)).toEqual([
    "cause: expected payments charge card_declined, found payments charge deadline_exceeded",
  ]);
  const failed = spansOf(checkout.expect).map((one) =>
    isAt(charge)(one) ? { ...one, status: "ERROR" as const } : one,
  );
  expect(judged(checkout, failed)).toEqual([
    "cause: expected none, found payments charge without error.type",
  ]);
  const healed = spansOf(outOfStock.expect).map((one) => ({ ...one, status: "UNSET" as const }));
  expect(judged(outOfStock, healed)).toEqual(["cause: expected inventory reserve out_of_stock, found none"]);
});

test("an orphan and a message without a consumer are named", () => {
  const orphan = span({ at: "t/lost", parent: "nowhere", start: 1 });
  const [ofOrphan = ""] = judged(declined, [...spansOf(declined.expect), orphan]);
  expect(ofOrphan).toMatch(/^orphans: expected none, found /);
  const sent = span({ at: "t/sent", parent: "root", kind: "PRODUCER", start: 1, attributes: message("m-9") });
  expect(judged(declined, [...spansOf(declined.expect), sent])).toEqual([
    "messages in flight: expected none, found m-9",
  ]);
});

test("waits of other kinds than promised are named", () => {
  const without = spansOf(checkout.expect).filter(
    ({ kind, name }) => !(kind === "CONSUMER" && name === "waited"),
  );
  expect(judged(checkout, without)).toEqual(["waits: expected job, outbox, stream, found none"]);
  const attributes = { ...message("m"), "baton.delivery.outcome": "ack", "baton.wait.job": 1 };
  const waited = span({ at: "t/x", parent: "root", kind: "CONSUMER", start: 5, attributes });
  expect(judged(declined, [...spansOf(declined.expect), waited])).toEqual([
    "waits: expected outbox, stream, found job, outbox, stream",
  ]);
});

test("a wait that ends before it begins is named, and so is a missing root", () => {
  const journey = journeyOfSpans(spansOf(checkout.expect));
  const [wait, ...others] = journey.waits;
  if (!wait) throw new Error("no wait");
  const backwards = { ...journey, waits: [{ ...wait, endNs: wait.startNs - 1n }, ...others] };
  expect(judgeJourney(backwards, checkout.expect).map(findingText)).toEqual([
    `wait: expected 0 or more, found less: ${wait.kind} ${wait.key}`,
  ]);
  expect(judgeJourney({ ...journey, rootMissing: true }, checkout.expect).map(findingText)).toEqual([
    "root: expected the gateway's span, found none",
  ]);
});

test("a missing delay is named, with the measured time", () => {
  const quick = spansOf(slow.expect).map((one) => ({ ...one, endNs: one.startNs + 3_000_000n }));
  expect(judged(slow, quick)).toEqual(["time in payments charge: expected 1200 ms or more, found 3.0 ms"]);
});

test("a consumer found only by its correlation id has dropped the context", () => {
  const id = { "correlation.id": "c-1" };
  const spans = spansOf(checkout.expect).map((one) => ({ ...one, attributes: { ...one.attributes, ...id } }));
  const attributes = { ...message("m-2"), ...id, "baton.delivery.outcome": "ack" };
  const lost = span({ at: "other/lost", kind: "CONSUMER", service: "analytics", start: 20, attributes });
  expect(judged(checkout, [...spans, lost])).toEqual([
    "hops that dropped the context: expected none, found analytics lost",
  ]);
});
