/**
 * The rules of the Instrumentation Score that one run can be judged by, each for one service. What a rule asks is its
 * criterion, to the letter; the words are ours.
 *
 * Source: https://github.com/instrumentation-score/spec, folder rules, of April 2026
 */
import type { Attributes, EmittedMetric, EmittedSpan } from "../judge/emitted.ts";
import type { Service } from "./parts.ts";

/** Weights of the specification. */
export const WEIGHTS = { critical: 40, important: 30, normal: 20, low: 10 } as const;

export interface Rule {
  readonly id: string;
  readonly impact: keyof typeof WEIGHTS;
  readonly asks: string;
  /** What breaks it, each in one line; nothing when it is passed. */
  readonly broken: (service: Service, known: Known) => string[];
}

/** What a rule compares with. */
export interface Known {
  /** Whether the conventions have an attribute of this name. */
  isAttribute(name: string): boolean;
  /** Attributes that belong to resources, and nowhere else. */
  readonly ofResources: ReadonlySet<string>;
  /** The versions of Node that the SDK supports: the least of them. */
  readonly leastNode: string;
  /** The version that the services run on. */
  readonly node: string;
}

/** Not judged: no run of minutes, and no run without Kubernetes, can break them, or there is no criterion. */
export const NOT_JUDGED: Readonly<Record<string, string>> = {
  "LOG-001": "it looks at 14 days",
  "RES-003": "it is about Kubernetes",
  "SPA-003": "it has no criterion yet",
};

const SHORT_MS = 5;
const MOST_SHORT = 20;
const MOST_INTERNAL = 10;
const MOST_VALUES = 10_000;

/** Of the Unified Code for Units of Measure; what stands in braces is an annotation. */
const UNIT = /^(s|ms|us|ns|min|h|d|By|kBy|MBy|KiBy|MiBy|%|1|\{[a-z_]+\})$/;
const UNIT_NAMES: Readonly<Record<string, readonly string[]>> = {
  s: ["second", "seconds"],
  ms: ["millisecond", "milliseconds"],
  By: ["byte", "bytes"],
  "%": ["percent"],
};

const shown = ({ kind, name, traceId }: EmittedSpan): string => `${kind} ${name} in ${traceId}`;

const distinct = (texts: readonly string[]): number => new Set(texts).size;

/** Metrics of one name that differ in something that must be the same for all. */
const differing = (metrics: readonly EmittedMetric[], of: (metric: EmittedMetric) => string[]): string[] =>
  [...Map.groupBy(metrics, ({ name }) => name)]
    .filter(([, all]) => distinct(all.flatMap(of)) > 1)
    .map(([name]) => name);

const namesIn = (attributes: Attributes): string[] => [...attributes.keys()];

function shortSpans({ traces }: Service): string[] {
  return [...traces.values()].flatMap(({ id, spans }) => {
    const short = spans.filter(({ durationMs }) => durationMs < SHORT_MS);
    if (short.length <= MOST_SHORT) return [];
    const internal = short.filter(({ kind }) => kind === "INTERNAL");
    return [`${short.length} of ${spans.length} spans, ${internal.length} INTERNAL, in ${id}`];
  });
}

/** A caller from outside sends no spans to us: the edge's span is a root of what can be seen. */
const isBeginning = ({ parentSpanId, attributes }: EmittedSpan): boolean =>
  parentSpanId === "" || attributes.has("baton.edge.trace");

export const RULES: readonly Rule[] = [
  {
    id: "LOG-002",
    impact: "important",
    asks: "log records have a severity",
    broken: ({ logs }) => logs.filter(({ severity }) => severity === 0).map(({ body }) => String(body.value)),
  },
  {
    id: "MET-001",
    impact: "important",
    asks: `an attribute of a metric has less than ${MOST_VALUES} values`,
    broken: ({ metrics }) =>
      [...Map.groupBy(metrics, ({ name }) => name)].flatMap(([name, all]) => {
        const pairs = all.flatMap(({ points }) => points.flatMap(({ attributes }) => [...attributes]));
        return [...Map.groupBy(pairs, ([key]) => key)]
          .filter(([, values]) => distinct(values.map(([, { value }]) => String(value))) >= MOST_VALUES)
          .map(([key]) => `${name} ${key}`);
      }),
  },
  {
    id: "MET-002",
    impact: "important",
    asks: "metrics have a unit of the Unified Code",
    broken: ({ metrics }) =>
      metrics.filter(({ unit }) => !UNIT.test(unit)).map(({ name, unit }) => `${name} "${unit}"`),
  },
  {
    id: "MET-003",
    impact: "important",
    asks: "a metric has the same unit everywhere",
    broken: ({ metrics }) => differing(metrics, ({ unit }) => [unit]),
  },
  {
    id: "MET-004",
    impact: "normal",
    asks: "a histogram has the same buckets everywhere",
    broken: ({ metrics }) =>
      differing(metrics, ({ points }) =>
        points.flatMap(({ bounds }) => (bounds === undefined ? [] : [String(bounds)])),
      ),
  },
  {
    id: "MET-005",
    impact: "normal",
    asks: "a metric's name has not its unit in it",
    broken: ({ metrics }) =>
      metrics
        .filter(({ name, unit }) => name.split(/[._]/).some((word) => UNIT_NAMES[unit]?.includes(word)))
        .map(({ name, unit }) => `${name} "${unit}"`),
  },
  {
    id: "MET-006",
    impact: "important",
    asks: "a metric is not called as an attribute",
    broken: ({ metrics }, { isAttribute }) =>
      metrics.filter(({ name }) => isAttribute(name)).map(({ name }) => name),
  },
  {
    id: "RES-001",
    impact: "normal",
    asks: "service.instance.id is there",
    broken: ({ resources }) =>
      resources.filter((resource) => !resource.has("service.instance.id")).map((one) => String(namesIn(one))),
  },
  {
    id: "RES-002",
    impact: "important",
    asks: "service.instance.id is of one resource alone",
    broken: ({ resources }) =>
      [...Map.groupBy(resources, (resource) => String(resource.get("service.instance.id")?.value))]
        .filter(([, all]) => all.length > 1)
        .map(([id]) => id),
  },
  {
    id: "RES-004",
    impact: "important",
    asks: "attributes of resources stand on resources, and no others do",
    broken: ({ resources, spans, logs, metrics }, { ofResources, isAttribute }) => {
      const items = [...spans, ...logs, ...metrics.flatMap(({ points }) => points)];
      const misplaced = items
        .flatMap(({ attributes }) => namesIn(attributes))
        .filter((name) => ofResources.has(name));
      const foreign = resources
        .flatMap(namesIn)
        .filter((name) => isAttribute(name) && !ofResources.has(name));
      return [...new Set([...misplaced, ...foreign])];
    },
  },
  {
    id: "RES-005",
    impact: "critical",
    asks: "service.name is there",
    broken: ({ resources }) =>
      resources
        .filter((resource) => String(resource.get("service.name")?.value ?? "") === "")
        .map((one) => String(namesIn(one))),
  },
  {
    id: "SDK-001",
    impact: "low",
    asks: "the SDK supports the runtime",
    broken: (_, { node, leastNode }) =>
      isAtLeast(node, leastNode) ? [] : [`Node ${node}, not ${leastNode}`],
  },
  {
    id: "SPA-001",
    impact: "normal",
    asks: `a service has at most ${MOST_INTERNAL} INTERNAL spans in a trace`,
    broken: ({ spans }) =>
      [
        ...Map.groupBy(
          spans.filter(({ kind }) => kind === "INTERNAL"),
          ({ traceId }) => traceId,
        ),
      ]
        .filter(([, internal]) => internal.length > MOST_INTERNAL)
        .map(([traceId, { length }]) => `${length} in ${traceId}`),
  },
  {
    id: "SPA-002",
    impact: "normal",
    asks: "the parent of each span is there",
    broken: ({ spans, traces }) =>
      spans
        .filter((span) => !isBeginning(span) && !traces.get(span.traceId)?.spanIds.has(span.parentSpanId))
        .map(shown),
  },
  {
    id: "SPA-004",
    impact: "important",
    asks: "no root is a CLIENT span",
    broken: ({ spans }) =>
      spans.filter(({ kind, parentSpanId }) => kind === "CLIENT" && parentSpanId === "").map(shown),
  },
  {
    id: "SPA-005",
    impact: "important",
    asks: `a trace has at most ${MOST_SHORT} spans shorter than ${SHORT_MS} ms`,
    broken: shortSpans,
  },
];

/** Whether version `a` is `b` or a later one; both are three numbers. */
export function isAtLeast(a: string, b: string): boolean {
  const [left, right] = [a, b].map((version) => version.split(".").map(Number));
  for (const n of [0, 1, 2]) {
    const difference = (left?.[n] ?? 0) - (right?.[n] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}
