/**
 * What is ours to mend and not mended yet, by row and rule. It only gets shorter: a line that excuses nothing is red.
 */
import type { Violation } from "./judge/violation.ts";

const DEBTS: Readonly<Record<string, readonly Violation["rule"][]>> = {
  "span.baton.db.postgresql": ["wrong name"],
  "span.baton.db.redis": ["wrong name"],
  "metric.baton.db.client.connection.count": ["wrong value"],
  "metric.baton.db.client.connection.max": ["wrong value"],
  "metric.baton.db.client.connection.pending_requests": ["wrong value", "wrong unit"],
  "metric.baton.v8js.memory.heap.used": ["wrong instrument"],
  "metric.baton.v8js.memory.heap.space.available_size": ["wrong instrument"],
  "metric.baton.v8js.memory.heap.space.physical_size": ["wrong instrument"],
  resource: ["missing attribute"],
  baton: ["wrong scope"],
};

export const isDebt = ({ subject, rule }: Violation): boolean => DEBTS[subject]?.includes(rule) === true;

/** The debts that are paid. */
export const paid = (violations: readonly Violation[]): string[] =>
  Object.entries(DEBTS).flatMap(([subject, rules]) =>
    rules
      .filter((rule) => !violations.some((one) => one.subject === subject && one.rule === rule))
      .map((rule) => `${subject}: ${rule}`),
  );
