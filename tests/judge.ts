/**
 * Compares a journey with the table of hops (`load/hops.ts`): each promised hop is there once, with the right parent
 * and links, and there are no other spans. It keeps a list of the rows that were checked, so that a test can name the
 * others.
 */
import { expect } from "vitest";
import type { Journey, LogRecord, Span } from "../collector/lens/journey/model.ts";
import { HOPS } from "../load/hops.ts";
import type { Hop } from "../load/scenario.ts";
import { type HopId, type HopRow, hopId, SHAPES } from "../load/shapes.ts";
import { ATTR, BATON, LINK } from "../services/_kit/telemetry/conventions.ts";
import type { AsyncMode } from "../services/_kit/telemetry/propagation.ts";
import { isLibrary } from "./described.ts";

const TABLE: ReadonlyMap<string, HopRow> = new Map(HOPS.map((row) => [hopId(row), row]));

/** The row of a hop; fails when the table has none. */
export function rowOf(hop: Hop): HopRow {
  const row = TABLE.get(hopId(hop));
  if (!row) throw new Error(`load/hops.ts: there is no row "${hopId(hop)}": add it`);
  return row;
}

const placeOf = (row: HopRow, under?: HopId): string =>
  under === undefined ? `"${hopId(row)}"` : `"${hopId(row)}" under "${under}"`;
/** The places of a row: one for each possible parent. */
export const placesOf = (row: HopRow): string[] =>
  row.under.length === 0 ? [placeOf(row)] : row.under.map((under) => placeOf(row, under));
const judged = new Set<string>();
/** All places that this test file has checked so far. */
export const judgedPlaces: ReadonlySet<string> = judged;

const isAt = (id: string) => (span: Span) => hopId(span) === id;

/** The one span of this name; fails when there is none or several. */
export function spanIn(spans: readonly Span[], id: string): Span {
  const found = spans.filter(isAt(id));
  expect(found.length, `spans ${id}`).toBe(1);
  return found[0] as Span;
}

export const spanOf = (journey: Journey, id: string): Span =>
  spanIn(
    journey.spans.map(({ span }) => span),
    id,
  );

const linksOf = (span: Span) =>
  span.links.map((link) => [link.traceId, link.spanId, link.attributes[LINK.reason]]);
const linkTo = (span: Span, reason: string = LINK.creation) => [span.traceId, span.spanId, reason];

export interface Seen {
  readonly journey: Journey;
  readonly logs: readonly LogRecord[];
}

/** The expected parents and links. */
export interface Manner {
  readonly mode: AsyncMode;
  /** The edge has continued a caller's trace. */
  readonly external?: boolean;
  /** For hops that begin with a `restart`: the span in which the work began, as far as it is known. */
  readonly origin?: { readonly traceId: string; readonly spanId?: string };
}

/** Checks every expected hop of `journey`, and that it has no orphan and no span of another request. */
export function judge(
  { journey, logs }: Seen,
  hops: readonly Hop[],
  mode: AsyncMode,
  ids: { correlationId: string; run: string; external?: boolean },
): void {
  const spans = journey.spans.map(({ span }) => span);
  judgeHops(spans, hops, { mode, external: ids.external ?? false });
  expect(journey.orphans).toEqual([]);
  expect(journey.inFlight).toEqual([]);
  expect(journey.settled).toBe(true);
  expect(journey.correlationId).toBe(ids.correlationId);

  const spanIds = new Set(spans.map((span) => span.attributes[BATON.correlationId]));
  expect([...spanIds], "correlation ids on all spans").toEqual([ids.correlationId]);
  const runs = new Set(spans.map((span) => span.attributes[BATON.scenarioRun]));
  expect([...runs], "baggage on all spans, to the last job").toEqual([ids.run]);
  const services = new Set(spans.map((span) => span.service));
  expect(new Set(logs.map((log) => log.service)).isSubsetOf(services), "services that log").toBe(true);
  expect(logs.length).toBeGreaterThan(0);
  for (const log of logs) {
    expect(log.attributes[BATON.correlationId], `${log.service}: ${log.body}`).toBe(ids.correlationId);
    expect(journey.traceIds).toContain(log.traceId);
  }
}

/** Checks that `spans` are the hops, each once and in its place, and otherwise only spans of libraries. */
export function judgeHops(spans: readonly Span[], hops: readonly Hop[], manner: Manner): void {
  const rows = hops.map(rowOf);
  const promised = new Set<string>(rows.map(hopId));
  for (const row of rows) judgeHop(spans, row, promised, manner);
  const strangers = spans.filter((span) => !isLibrary(span) && !promised.has(hopId(span)));
  expect(
    strangers.map(
      (span) =>
        `load/hops.ts: "${hopId(span)}" is in the journey, but not promised: add it to its group of rows`,
    ),
    "spans that are not promised",
  ).toEqual([]);
}

function judgeHop(spans: readonly Span[], row: HopRow, promised: ReadonlySet<string>, manner: Manner): void {
  const name = hopId(row);
  const span = spanIn(spans, name);
  for (const attribute of row.attributes) expect(span.attributes, name).toHaveProperty([attribute]);
  const { parent, links } = SHAPES[row.shape];
  if (parent === "caller") {
    expect(span.parentSpanId !== "", `${name} has a caller`).toBe(manner.external ?? false);
    expect(linksOf(span), name).toEqual([]);
    judged.add(placeOf(row));
    return;
  }
  if (row.shape === "restart") {
    judgeRestart(span, row, manner);
    return;
  }
  const [under, ...others] = row.under.filter((id) => promised.has(id));
  expect(others, `${name} has one parent in its journey`).toEqual([]);
  const of = spanIn(spans, under ?? `the parent of ${name}`);
  const expected = parentOf(spans, row, of, manner.mode);
  expect(span.parentSpanId || undefined, `parent of ${name}`).toBe(expected?.spanId);
  expect(span.traceId === (expected ?? of).traceId, `trace of ${name}`).toBe(expected !== undefined);
  const targets = links === "jobs" ? (row.jobs ?? []).map((id) => spanIn(spans, id)) : [of];
  const isLinked = links !== "none" && !(links === "mode" && manner.mode === "parent");
  expect(linksOf(span), `links of ${name}`).toEqual(isLinked ? targets.map((target) => linkTo(target)) : []);
  pairs(row, span, of);
  judged.add(placeOf(row, under));
}

/** The parent that a row's shape demands; undefined when it begins a trace. `of`: the span of its `under`. */
function parentOf(spans: readonly Span[], row: HopRow, of: Span, mode: AsyncMode): Span | undefined {
  const { parent } = SHAPES[row.shape];
  if (parent === "receive") return spanIn(spans, row.receive ?? "");
  if (parent === "none" || (parent === "mode" && mode === "link")) return undefined;
  return of;
}

/** A restarted span links to the span where the work began, which a killed process may not have exported. */
function judgeRestart(span: Span, row: HopRow, { origin }: Manner): void {
  const name = hopId(row);
  expect(span.parentSpanId, `parent of ${name}`).toBe("");
  expect(span.links, `links of ${name}`).toMatchObject([
    { ...origin, attributes: { [LINK.reason]: LINK.creation } },
  ]);
  expect(span.traceId, `trace of ${name}`).not.toBe(span.links[0]?.traceId);
  judged.add(placeOf(row, row.under[0]));
}

/** Checks the ids beside the trace context, by which two spans can be paired even when the context is lost. */
function pairs(row: HopRow, span: Span, of: Span): void {
  const same = (attribute: string) =>
    expect(span.attributes[attribute], `${attribute} of ${hopId(row)}`).toBe(of.attributes[attribute]);
  if (row.shape === "send" || row.shape === "process" || row.shape === "process in batch")
    same(ATTR.messageId);
  if (row.shape === "send") same(BATON.outboxId);
  if (row.kind === "SERVER") same(BATON.requestId);
}
