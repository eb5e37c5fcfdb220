/**
 * Checks the spans of one message that failed, became a dead letter and was redriven, by the shapes of such attempts.
 */
import { expect } from "vitest";
import type { Span } from "../collector/lens/journey/model.ts";
import type { Hop } from "../load/scenario.ts";
import { type HopRow, hopId, SHAPES } from "../load/shapes.ts";
import { ATTR, BATON, LINK } from "../services/_kit/telemetry/conventions.ts";
import type { AsyncMode } from "../services/_kit/telemetry/propagation.ts";
import { rowOf, spanIn } from "./judge.ts";

/** A redriven message comes from another stream, which has no buckets and no outbox. */
const NOT_REDRIVEN: readonly string[] = [ATTR.partition, BATON.waitOutbox];

const linksOf = (span: Span) => span.links.map(({ spanId, attributes }) => [spanId, attributes[LINK.reason]]);
const creation = (span: Span) => [span.spanId, LINK.creation];
const previous = (span: Span) => [span.spanId, LINK.previousAttempt];

/**
 * Checks the spans of `hop`, a row that handles messages: so many failed `attempts`, the last of which gives a dead
 * letter, then a successful one after a redrive. `spans`: of the whole journey.
 */
export function judgeAttempts(spans: readonly Span[], hop: Hop, attempts: number, mode: AsyncMode): void {
  const row = rowOf(hop);
  const name = hopId(row);
  const all = spans.filter((span) => hopId(span) === name).toSorted((a, b) => Number(a.startNs - b.startNs));
  const numbers = [...Array.from({ length: attempts }, (_, n) => n + 1), 1];
  expect(
    all.map((span) => span.attributes[BATON.attempt]),
    `attempts of ${name}, and that of its redrive`,
  ).toEqual(numbers);
  const ends = [...Array.from({ length: attempts - 1 }, () => "retry"), "dead-letter", "ack"];
  expect(
    all.map((span) => span.attributes[BATON.outcome]),
    `outcomes of ${name}`,
  ).toEqual(ends);

  const of = spanIn(spans, row.under[0] ?? "");
  const last = all[attempts - 1] as Span;
  const redriven = all[attempts] as Span;
  for (const [n, span] of all.slice(0, attempts).entries()) {
    const before = all[n - 1];
    const isLinked = SHAPES[row.shape].links === "under" || mode !== "parent";
    expect(linksOf(span), `links of attempt ${n + 1} of ${name}`).toEqual([
      ...(isLinked ? [creation(of)] : []),
      ...(before ? [previous(before)] : []),
    ]);
    expect(parentOf(spans, row, span), `parent of attempt ${n + 1} of ${name}`).toBe(
      row.receive ?? (mode === "link" ? undefined : row.under[0]),
    );
    for (const attribute of row.attributes) expect(span.attributes, name).toHaveProperty([attribute]);
  }
  expect(redriven.parentSpanId, `a redrive of ${name} begins a trace`).toBe("");
  expect([of.traceId, last.traceId]).not.toContain(redriven.traceId);
  expect(linksOf(redriven), `links of the redrive of ${name}`).toEqual([creation(of), previous(last)]);
  for (const attribute of row.attributes.filter((one) => !NOT_REDRIVEN.includes(one)))
    expect(redriven.attributes, `redrive of ${name}`).toHaveProperty([attribute]);
}

/** The hop of a span's parent. Each attempt in a batch has its own batch. */
function parentOf(spans: readonly Span[], row: HopRow, span: Span): string | undefined {
  if (span.parentSpanId === "") return undefined;
  const parent = spans.find((one) => one.traceId === span.traceId && one.spanId === span.parentSpanId);
  if (!parent) throw new Error(`the parent of ${hopId(row)} is missing`);
  return hopId(parent);
}
