/** Holds a journey against the expected hops: each there once, under the right span, by the right edge. */
import { expect } from "vitest";
import type { Journey, LogRecord, Span } from "../collector/lens/journey/model.ts";
import { ATTR, BATON, LINK } from "../services/_kit/telemetry/conventions.ts";
import type { AsyncMode } from "../services/_kit/telemetry/propagation.ts";
import { type ExpectedHop, hopName } from "./hops.ts";

/** The one span of this name; fails when there is none or several. */
export function spanOf(journey: Journey, name: string): Span {
  const found = journey.spans.filter(({ span }) => hopName(span) === name).map(({ span }) => span);
  expect(found.length, `spans ${name}`).toBe(1);
  return found[0] as Span;
}

const linksOf = (span: Span) =>
  span.links.map((link) => [link.traceId, link.spanId, link.attributes[LINK.reason]]);
const creation = (span: Span) => [span.traceId, span.spanId, LINK.creation];

/** Checks every expected hop of `journey`, and that nothing in it is an orphan or bears another request's id. */
export function judge(
  { journey, logs }: { journey: Journey; logs: readonly LogRecord[] },
  hops: readonly ExpectedHop[],
  mode: AsyncMode,
  ids: { correlationId: string; run: string; external?: boolean },
): void {
  for (const hop of hops) judgeHop(journey, hop, mode, ids.external ?? false);
  expect(journey.orphans).toEqual([]);
  expect(journey.inFlight).toEqual([]);
  expect(journey.settled).toBe(true);
  expect(journey.correlationId).toBe(ids.correlationId);

  const spanIds = new Set(journey.spans.map(({ span }) => span.attributes[BATON.correlationId]));
  expect([...spanIds], "correlation ids on all spans").toEqual([ids.correlationId]);
  const runs = new Set(journey.spans.map(({ span }) => span.attributes[BATON.scenarioRun]));
  expect([...runs], "baggage on all spans, to the last job").toEqual([ids.run]);
  const services = new Set(journey.spans.map(({ span }) => span.service));
  expect(new Set(logs.map((log) => log.service)).isSubsetOf(services), "services that log").toBe(true);
  expect(logs.length).toBeGreaterThan(0);
  for (const log of logs) {
    expect(log.attributes[BATON.correlationId], `${log.service}: ${log.body}`).toBe(ids.correlationId);
    expect(journey.traceIds).toContain(log.traceId);
  }
}

function judgeHop(journey: Journey, hop: ExpectedHop, mode: AsyncMode, external: boolean): void {
  const name = hopName(hop);
  const span = spanOf(journey, name);
  for (const attribute of hop.attributes) expect(span.attributes, name).toHaveProperty([attribute]);
  const parent = span.parentSpanId === "" ? undefined : span.parentSpanId;
  if (hop.shape === "root") {
    expect(parent !== undefined, name).toBe(external);
    expect(span.links, name).toEqual([]);
    return;
  }
  const of = spanOf(journey, hop.of);
  const [expectedParent, links] = edges(journey, hop, of, mode);
  expect(parent, `parent of ${name}`).toBe(expectedParent?.spanId);
  expect(span.traceId === (expectedParent ?? of).traceId, `trace of ${name}`).toBe(
    expectedParent !== undefined,
  );
  expect(linksOf(span), `links of ${name}`).toEqual(links.map(creation));
  pairs(hop, span, of);
}

/** The parent and the link targets that the hop's row of the table gives it. */
function edges(journey: Journey, hop: ExpectedHop, of: Span, mode: AsyncMode): [Span | undefined, Span[]] {
  if (hop.shape === "child") return [of, []];
  if (hop.shape === "send") return [of, [of]];
  if (hop.shape === "flow") return [of, (hop.links ?? []).map((link) => spanOf(journey, link))];
  if (hop.shape === "receive") return [undefined, [of]];
  if (hop.shape === "process in batch") return [spanOf(journey, hop.receive ?? ""), [of]];
  return [mode === "link" ? undefined : of, mode === "parent" ? [] : [of]];
}

/** The ids outside the trace context, by which two spans can be paired even when the context is lost. */
function pairs(hop: ExpectedHop, span: Span, of: Span): void {
  const same = (attribute: string) =>
    expect(span.attributes[attribute], `${attribute} of ${hopName(hop)}`).toBe(of.attributes[attribute]);
  if (hop.shape === "send" || hop.shape === "process" || hop.shape === "process in batch")
    same(ATTR.messageId);
  if (hop.shape === "send") same(BATON.outboxId);
  if (hop.kind === "SERVER") same(BATON.requestId);
}
