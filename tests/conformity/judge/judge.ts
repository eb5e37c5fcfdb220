/**
 * Judges what was emitted by the registry: every span, every metric and each of its points, every log record, every
 * resource and scope. Pure: it takes data and gives data.
 */
import type { Registry } from "../../../telemetry/rows.ts";
import type { Emitted, Origin } from "./emitted.ts";
import { judgeLog } from "./log.ts";
import { judgeMetric } from "./metric.ts";
import { judgeResource, judgeScope } from "./origin.ts";
import { judgeSpan } from "./span.ts";
import type { Violation } from "./violation.ts";

/** How many of a kind there were, and how many of them have no violation. */
export interface Count {
  judged: number;
  clean: number;
}

export type Counted = "spans" | "metric points" | "log records" | "resources" | "scopes";

export interface Judgement {
  readonly violations: readonly Violation[];
  readonly counts: Readonly<Record<Counted, Count>>;
}

/** `excused`: violations that are not counted; they are in the result's list all the same. */
export function judge(
  emitted: Emitted,
  registry: Registry,
  excused: (violation: Violation) => boolean = () => false,
): Judgement {
  const violations: Violation[] = [];
  const counts: Judgement["counts"] = {
    spans: { judged: 0, clean: 0 },
    "metric points": { judged: 0, clean: 0 },
    "log records": { judged: 0, clean: 0 },
    resources: { judged: 0, clean: 0 },
    scopes: { judged: 0, clean: 0 },
  };
  const count = (what: Counted, found: readonly Violation[]): void => {
    counts[what].judged += 1;
    if (found.every(excused)) counts[what].clean += 1;
  };
  const one = (what: Counted, found: readonly Violation[]): void => {
    violations.push(...found);
    count(what, found);
  };
  for (const span of emitted.spans) one("spans", judgeSpan(span, registry));
  for (const log of emitted.logs) one("log records", judgeLog(log, registry));
  for (const metric of emitted.metrics) {
    const found = judgeMetric(metric, registry);
    violations.push(...found.metric, ...found.points.flat());
    // What is wrong with the instrument is wrong with each of its points.
    for (const point of found.points) count("metric points", [...found.metric, ...point]);
  }
  const origins = originsOf(emitted);
  for (const origin of distinct(origins, ({ resource }) => keyOf(resource)))
    one("resources", judgeResource(origin, registry));
  for (const origin of distinct(origins, ({ scope }) => `${scope.name} ${scope.version} ${scope.schemaUrl}`))
    one("scopes", judgeScope(origin, registry));
  return { violations, counts };
}

const originsOf = ({ spans, metrics, logs }: Emitted): Origin[] =>
  [...spans, ...metrics, ...logs].map(({ origin }) => origin);

const keyOf = (attributes: Origin["resource"]): string => JSON.stringify([...attributes]);

const distinct = (origins: readonly Origin[], key: (origin: Origin) => string): Origin[] => [
  ...new Map(origins.map((origin) => [key(origin), origin])).values(),
];
