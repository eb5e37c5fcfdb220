/**
 * All that one shop has emitted, held against the registry of names: whatever the cases before this one have asked of
 * it, and what only a client of the RPC ports asks. A test takes each kind of item; what a library does wrong and no
 * hook of it mends is excused by a closed list.
 */
import { beforeAll, describe, expect, test } from "vitest";
import { services } from "../services/topology.ts";
import { LIBRARY_FAULTS } from "../telemetry/libraries.ts";
import { readRegistry } from "../telemetry/registry.ts";
import type { Registry } from "../telemetry/rows.ts";
import type { Emitted } from "./conformity/judge/emitted.ts";
import { type Judgement, judge } from "./conformity/judge/judge.ts";
import type { Violation } from "./conformity/judge/violation.ts";
import { type Coverage, coverageOf, isExcusedBy, reportLines, violationLines } from "./conformity/report.ts";
import { knownOf } from "./conformity/score/known.ts";
import { servicesOf } from "./conformity/score/parts.ts";
import {
  type RuleResult,
  resultsOf,
  scoreLines,
  serviceScore,
  unexplained,
} from "./conformity/score/score.ts";
import { SPOILINGS, spoiled } from "./conformity/spoil.ts";
import { eventually } from "./fixtures.ts";
import { onePlayground, type TappedPlayground } from "./one-playground.ts";

const excuses = LIBRARY_FAULTS.map(isExcusedBy);
const isExcused = (violation: Violation): boolean => excuses.some((excuse) => excuse(violation));

let registry: Registry;
let emitted: Emitted;
let judgement: Judgement;
let coverage: Coverage;
let scored: RuleResult[];

/** What no client of the public API can ask: Connect and gRPC-Web, and methods that are not there. */
async function askPorts({ ports }: TappedPlayground): Promise<void> {
  const call = (method: string, type: string, body: string | Uint8Array<ArrayBuffer>) =>
    fetch(`http://127.0.0.1:${ports.orders}/baton.orders.v1.OrderService/${method}`, {
      method: "POST",
      headers: { "content-type": type },
      body,
    });
  const answers = [
    await call("GetOrder", "application/json", '{"orderId": "nothing"}'),
    await call("CancelOrder", "application/json", "{"),
    await call("Nothing", "application/json", "{}"),
    await call("GetOrder", "application/grpc-web+proto", new Uint8Array(5)),
    await call("Nothing", "application/grpc-web+proto", new Uint8Array(5)),
  ];
  expect(answers.map(({ status }) => status)).toEqual([404, 400, 404, 200, 200]);
}

/** Waits until every service has sent its metrics once more: they have all that was before. */
const metricsSince = ({ tap }: TappedPlayground, before: number): Promise<true> =>
  eventually("metrics of every service", () => {
    const since = tap.emitted.metrics.slice(before);
    const sent = new Set(since.map(({ origin }) => origin.resource.get("service.name")?.value));
    return services.every(({ name }) => sent.has(name)) || undefined;
  });

describe("all that the shop has emitted", () => {
  beforeAll(async () => {
    registry = await readRegistry();
    const playground = await onePlayground();
    await askPorts(playground);
    await metricsSince(playground, playground.tap.emitted.metrics.length);
    ({ emitted } = playground.tap);
    judgement = judge(emitted, registry, isExcused);
    coverage = coverageOf(emitted, registry);
    scored = resultsOf(servicesOf(emitted), await knownOf(registry));
    const excused = `${judgement.violations.filter(isExcused).length} violations excused by the closed list`;
    console.log([excused, ...reportLines(judgement, coverage), ...scoreLines(scored)].join("\n"));
  });

  test.each(["span", "metric", "log", "resource", "scope"] as const)(
    "every %s follows the registry",
    (signal) => {
      const wrong = judgement.violations.filter((one) => one.signal === signal && !isExcused(one));
      expect(violationLines(wrong)).toEqual([]);
    },
  );

  test.each(SPOILINGS)("a wrong $wrong would be found", (spoiling) => {
    const [before, after] = spoiled(emitted, spoiling);
    const rulesIn = (some: Emitted) => judge(some, registry).violations.filter((one) => !isExcused(one));
    expect(rulesIn(before)).toEqual([]);
    expect(rulesIn(after).map(({ rule }) => rule)).toContain(spoiling.rule);
  });

  test("the Instrumentation Score of every service is 100, where the conventions win over it", () => {
    expect(scored.flatMap(unexplained)).toEqual([]);
    expect(services.map(({ name }) => serviceScore(scored, name, false))).toEqual(services.map(() => 100));
  });

  test("every line of the list of libraries' faults excuses something", () => {
    const idle = LIBRARY_FAULTS.filter((line) => !judgement.violations.some(isExcusedBy(line)));
    expect(idle).toEqual([]);
  });

  describe("what was judged has", () => {
    test("every service, and every row of spans that no setting must ask for", () => {
      expect(services.filter(({ name }) => !coverage.services.has(name))).toEqual([]);
      const always = registry.spans.filter(({ setting }) => setting === undefined);
      expect(always.filter(({ id }) => !coverage.spans.has(id))).toEqual([]);
    });

    test("every metric that the registry lists", () => {
      expect([...registry.metrics.keys()].filter((name) => !coverage.metrics.has(name))).toEqual([]);
    });

    test("every event that the registry lists, but one that takes a race, and log records of failures", () => {
      // A parcel is recalled when its order is cancelled after it has left and before orders has heard so.
      const races = ["baton.shipment.recalled"];
      const silent = [...registry.events.keys()].filter((name) => !coverage.events.has(name));
      expect(silent.filter((name) => !races.includes(name))).toEqual([]);
      expect(coverage.exceptions.get("AppError")).toBeGreaterThan(0);
      expect([...coverage.severities.keys()]).toEqual(expect.arrayContaining(["info", "warn", "error"]));
    });

    test("failures, time-outs, retries, dead letters, redrives and compensations", () => {
      const { failures, outcomes, links, spans } = coverage;
      expect([...failures.keys()]).toEqual(
        expect.arrayContaining(["card_declined", "DEADLINE_EXCEEDED", "unavailable", "504"]),
      );
      expect([...outcomes.keys()].toSorted()).toEqual(["ack", "dead-letter", "retry"]);
      expect([...links.keys()].toSorted()).toEqual(["creation", "previous_attempt"]);
      expect(spans.get("span.baton.compensation")).toBeGreaterThan(0);
      expect(spans.get("span.baton.restart")).toBeGreaterThan(0);
    });
  });
});
