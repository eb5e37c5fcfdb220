/** What a run covered, and what was wrong, in lines for people. */
import type { LibraryFault } from "../../telemetry/libraries.ts";
import type { Registry } from "../../telemetry/rows.ts";
import type { Emitted } from "./judge/emitted.ts";
import type { Judgement } from "./judge/judge.ts";
import { rowOf } from "./judge/span.ts";
import type { Violation } from "./judge/violation.ts";

/** Whether the closed list has a line for it. */
export const isExcusedBy =
  ({ library, version, rule, subject, attribute }: LibraryFault) =>
  (violation: Violation): boolean =>
    violation.scope === library &&
    violation.version === version &&
    violation.rule === rule &&
    (subject === undefined || violation.subject === subject) &&
    (attribute === undefined || violation.attribute === attribute);

/** One line for each kind of violation, the most frequent first, with one that was found. */
export function violationLines(violations: readonly Violation[]): string[] {
  const kinds = Map.groupBy(violations, ({ scope, version, subject, rule, attribute }) =>
    [`${scope}@${version}`, subject, rule, attribute].filter((text) => text !== "").join(" | "),
  );
  return [...kinds]
    .toSorted(([, a], [, b]) => b.length - a.length)
    .map(([kind, all]) => `${all.length} × ${kind}: ${all[0]?.says}`);
}

const counted = (words: readonly string[]): ReadonlyMap<string, number> =>
  new Map([...Map.groupBy(words, (word) => word)].map(([word, all]) => [word, all.length]));

/** What the run has of everything that it is to cover, each with how often. */
export interface Coverage {
  readonly services: ReadonlyMap<string, number>;
  readonly kinds: ReadonlyMap<string, number>;
  /** By the rows of the registry. */
  readonly spans: ReadonlyMap<string, number>;
  readonly metrics: ReadonlyMap<string, number>;
  readonly events: ReadonlyMap<string, number>;
  /** Log records of an error, by its class. */
  readonly exceptions: ReadonlyMap<string, number>;
  /** Log records by severity. */
  readonly severities: ReadonlyMap<string, number>;
  /** By `error.type`. */
  readonly failures: ReadonlyMap<string, number>;
  /** By how deliveries ended. */
  readonly outcomes: ReadonlyMap<string, number>;
  /** By why they are there. */
  readonly links: ReadonlyMap<string, number>;
}

export function coverageOf({ spans, metrics, logs }: Emitted, registry: Registry): Coverage {
  const of = (name: string) => spans.flatMap(({ attributes }) => textOf(attributes.get(name)?.value));
  return {
    services: counted(
      [...spans, ...metrics, ...logs].flatMap(({ origin }) =>
        textOf(origin.resource.get("service.name")?.value),
      ),
    ),
    kinds: counted(spans.map(({ kind }) => kind)),
    spans: counted(spans.flatMap((span) => textOf(rowOf(span, registry.spans)?.id))),
    metrics: counted(metrics.map(({ name }) => name)),
    events: counted(logs.map(({ eventName }) => eventName).filter((name) => name !== "")),
    exceptions: counted(logs.flatMap(({ attributes }) => textOf(attributes.get("exception.type")?.value))),
    severities: counted(logs.map(({ severityText }) => severityText)),
    failures: counted(of("error.type")),
    outcomes: counted(of("baton.delivery.outcome")),
    links: counted(
      spans.flatMap((span) => span.links.flatMap((link) => textOf(link.get("baton.link")?.value))),
    ),
  };
}

const textOf = (value: unknown): string[] => (value === undefined ? [] : [String(value)]);

const shown = (counts: ReadonlyMap<string, number>): string =>
  [...counts].map(([word, count]) => `${word} ${count}`).join(", ");

/** The figures of a run. */
export function reportLines({ counts }: Judgement, coverage: Coverage): string[] {
  return [
    ...Object.entries(counts).map(([what, { judged, clean }]) => {
      const share = judged === 0 ? 100 : (100 * clean) / judged;
      return `${what}: ${clean} of ${judged} without violation (${share.toFixed(1)} %)`;
    }),
    ...Object.entries(coverage).map(([what, of]) => `${what}: ${shown(of)}`),
  ];
}
