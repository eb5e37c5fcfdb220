/**
 * One thing that is wrong, of each kind, in an item that the run has really emitted: whatever the judge does not find
 * here, it would not find in the shop either.
 */

import type { Attributes, Emitted, EmittedMetric, EmittedSpan, Value } from "./judge/emitted.ts";
import type { Rule } from "./judge/violation.ts";

export interface Spoiling {
  readonly wrong: string;
  readonly rule: Rule;
  /** The items that it can be done to. */
  readonly fits: (item: EmittedSpan | EmittedMetric) => boolean;
  readonly spoil: (item: EmittedSpan | EmittedMetric) => EmittedSpan | EmittedMetric;
}

type Change<T> = (item: T) => T;

const ofSpan = (
  fits: (span: EmittedSpan) => boolean,
  spoil: Change<EmittedSpan>,
): Pick<Spoiling, "fits" | "spoil"> => ({
  fits: (item) => item.signal === "span" && fits(item),
  spoil: (item) => (item.signal === "span" ? spoil(item) : item),
});
const ofMetric = (
  fits: (metric: EmittedMetric) => boolean,
  spoil: Change<EmittedMetric>,
): Pick<Spoiling, "fits" | "spoil"> => ({
  fits: (item) => item.signal === "metric" && fits(item),
  spoil: (item) => (item.signal === "metric" ? spoil(item) : item),
});

const has =
  (name: string) =>
  ({ attributes }: EmittedSpan): boolean =>
    attributes.has(name);
const changed = (attributes: Attributes, name: string, to?: Value, as = name): Attributes =>
  new Map([...attributes].flatMap(([key, value]) => (key !== name ? [[key, value]] : to ? [[as, to]] : [])));
const withAttribute =
  (name: string, to?: Value, as?: string): Change<EmittedSpan> =>
  (span) => ({ ...span, attributes: changed(span.attributes, name, to, as) });

const OUTCOME = "baton.delivery.outcome";
const ATTEMPT = "baton.delivery.attempt";
const text = (value: string): Value => ({ type: "string", value });

export const SPOILINGS: readonly Spoiling[] = [
  {
    wrong: "name of a span",
    rule: "wrong name",
    ...ofSpan(has(OUTCOME), (span) => ({ ...span, name: `handle ${span.name}` })),
  },
  {
    wrong: "name of an attribute",
    rule: "unknown attribute",
    ...ofSpan(has(OUTCOME), withAttribute(OUTCOME, text("ack"), "delivery.outcome")),
  },
  {
    wrong: "name of a metric",
    rule: "unknown metric",
    ...ofMetric(
      () => true,
      (metric) => ({ ...metric, name: `${metric.name}.total` }),
    ),
  },
  {
    wrong: "unit",
    rule: "wrong unit",
    ...ofMetric(
      () => true,
      (metric) => ({ ...metric, unit: "ms" }),
    ),
  },
  {
    wrong: "instrument",
    rule: "wrong instrument",
    ...ofMetric(
      ({ instrument }) => instrument === "counter",
      (metric) => ({ ...metric, instrument: "gauge" }),
    ),
  },
  {
    wrong: "bucket",
    rule: "wrong buckets",
    ...ofMetric(
      ({ name, instrument }) => instrument === "histogram" && name.startsWith("rpc."),
      (metric) => ({
        ...metric,
        points: metric.points.map((point) => ({ ...point, bounds: point.bounds?.slice(1) ?? [] })),
      }),
    ),
  },
  {
    wrong: "kind",
    rule: "wrong kind",
    ...ofSpan(has(OUTCOME), (span) => ({ ...span, kind: "INTERNAL" })),
  },
  {
    wrong: "status",
    rule: "wrong status",
    ...ofSpan(
      ({ attributes }) => attributes.get(OUTCOME)?.value === "ack",
      (span) => ({ ...span, status: "ERROR" }),
    ),
  },
  {
    wrong: "type",
    rule: "wrong type",
    ...ofSpan(has(ATTEMPT), withAttribute(ATTEMPT, text("1"))),
  },
  {
    wrong: "value",
    rule: "wrong value",
    ...ofSpan(has(OUTCOME), withAttribute(OUTCOME, text("lost"))),
  },
  {
    wrong: "attribute missing",
    rule: "missing attribute",
    ...ofSpan(has(ATTEMPT), withAttribute(ATTEMPT)),
  },
];

/** The first item of the run that this can be done to, before and after. Throws when the run has none. */
export function spoiled(
  { spans, metrics }: Emitted,
  { wrong, fits, spoil }: Spoiling,
): [before: Emitted, after: Emitted] {
  const found = [...spans, ...metrics].find(fits);
  if (!found) throw new Error(`nothing in the run can have a wrong ${wrong}`);
  return [alone(found), alone(spoil(found))];
}

const alone = (item: EmittedSpan | EmittedMetric): Emitted => ({
  spans: item.signal === "span" ? [item] : [],
  metrics: item.signal === "metric" ? [item] : [],
  logs: [],
});
