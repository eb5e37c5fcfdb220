/** The Instrumentation Score of each service: which rules it passes, by their weight, of 100. */
import type { Service } from "./parts.ts";
import { type Known, NOT_JUDGED, RULES, type Rule, WEIGHTS } from "./rules.ts";

/** Where a rule and OpenTelemetry's conventions ask for opposite things, and the conventions are followed. */
export interface Contradiction {
  /** What the conventions ask. */
  readonly conventions: string;
  readonly why: string;
  /** Whether it is this contradiction that breaks the rule, and nothing else. */
  readonly explains: (broken: string) => boolean;
}

export const CONTRADICTIONS: Readonly<Record<string, Contradiction>> = {
  "SPA-004": {
    conventions:
      "a span that receives a batch is of kind CLIENT, and a batch of several traces has no parent",
    why: "a root around it would only repeat it; its links say why it is there",
    explains: (broken) => broken.startsWith("CLIENT receive "),
  },
  "SPA-005": {
    conventions: "each message has its create, send and process span, each call its two, each statement one",
    why: "the rule's reason is INTERNAL spans, and its count is of all: on a fast machine a short journey breaks it",
    explains: (broken) => Number(/(\d+) INTERNAL/.exec(broken)?.[1] ?? Number.POSITIVE_INFINITY) <= 20,
  },
};

export interface RuleResult {
  readonly rule: Rule;
  /** By service; empty where it is passed. */
  readonly broken: ReadonlyMap<string, readonly string[]>;
}

export const resultsOf = (services: readonly Service[], known: Known): RuleResult[] =>
  RULES.map((rule) => ({
    rule,
    broken: new Map(services.map((service) => [service.name, rule.broken(service, known)])),
  }));

/** What breaks a rule and is no contradiction with the conventions. */
export const unexplained = ({ rule: { id }, broken }: RuleResult): string[] =>
  [...broken].flatMap(([service, lines]) =>
    lines.filter((line) => !CONTRADICTIONS[id]?.explains(line)).map((line) => `${id} ${service}: ${line}`),
  );

/** The formula of the specification: the weights of the passed rules of those of all rules, of 100. */
export function scoreOf(
  rules: readonly { readonly impact: Rule["impact"]; readonly passed: boolean }[],
): number {
  const weigh = (some: typeof rules): number => some.reduce((sum, { impact }) => sum + WEIGHTS[impact], 0);
  return (100 * weigh(rules.filter(({ passed }) => passed))) / weigh(rules);
}

/** The score of a service, to the letter or with the conventions' choice where the two contradict each other. */
export const serviceScore = (results: readonly RuleResult[], service: string, toTheLetter: boolean): number =>
  scoreOf(
    results.map(({ rule: { id, impact }, broken }) => ({
      impact,
      passed: (broken.get(service) ?? []).every(
        (line) => !toTheLetter && CONTRADICTIONS[id]?.explains(line) === true,
      ),
    })),
  );

/** The score and each rule, for people. */
export function scoreLines(results: readonly RuleResult[]): string[] {
  const services = [...(results[0]?.broken.keys() ?? [])];
  const scores = (toTheLetter: boolean): string =>
    services.map((name) => `${name} ${serviceScore(results, name, toTheLetter).toFixed(0)}`).join(", ");
  const rules = results.map(({ rule: { id, impact, asks }, broken }) => {
    const failing = [...broken].filter(([, lines]) => lines.length > 0);
    const [first] = failing.flatMap(([, lines]) => lines);
    const said =
      failing.length === 0 ? "passed" : `broken by ${failing.map(([name]) => name).join(", ")}: ${first}`;
    const chosen =
      failing.length > 0 && CONTRADICTIONS[id] ? `; the conventions win: ${CONTRADICTIONS[id].why}` : "";
    return `  ${id} (${impact}) ${asks}: ${said}${chosen}`;
  });
  return [
    `Instrumentation Score where the conventions win: ${scores(false)}`,
    `Instrumentation Score to the letter: ${scores(true)}`,
    ...rules,
    ...Object.entries(NOT_JUDGED).map(([id, why]) => `  ${id} not judged: ${why}`),
  ];
}
