/** The result of a run as a short table: a row for each scenario with its promises and results. Pure. */

/** The part of k6's `handleSummary` data that is used. */
export interface SummaryData {
  readonly metrics: Readonly<Record<string, Metric | undefined>>;
}

interface Metric {
  readonly values: Readonly<Record<string, number | undefined>>;
  /** By the threshold's text. */
  readonly thresholds?: Readonly<Record<string, { readonly ok: boolean }>>;
}

const HEAD = [
  "scenario",
  "checkouts",
  "as promised",
  "median",
  "p95",
  "p99",
  "promised p95",
  "",
  "",
] as const;
const milliseconds = (ms: number | undefined): string => (ms === undefined ? "-" : `${ms.toFixed(0)} ms`);

/** The table, with a last line that says how it went. `names`: the scenarios that ran, in their order. */
export function summaryText({ metrics }: SummaryData, names: readonly string[]): string {
  const rows = names.map((name) => rowOf(name, metrics));
  const dropped = metrics.dropped_iterations?.values.count ?? 0;
  const broken = names.filter((name) => brokenOf(name, metrics).length > 0);
  return [
    table([[...HEAD], ...rows]),
    ...(dropped > 0
      ? [`${dropped} checkouts were not sent: all virtual users were waiting for answers`]
      : []),
    broken.length === 0 ? "every threshold held" : `thresholds broken: ${broken.join(", ")}`,
  ].join("\n");
}

const METRICS = ["checks", "http_req_duration", "iterations"] as const;
const of = (metric: (typeof METRICS)[number], name: string): string => `${metric}{scenario:${name}}`;

/** How many answers were checked: 0 when the scenario never ran, or failed before its first check. */
function judgedOf(name: string, metrics: SummaryData["metrics"]): number {
  const { passes = 0, fails = 0 } = metrics[of("checks", name)]?.values ?? {};
  return passes + fails;
}

/** The thresholds that did not hold, as texts. A threshold on a rate holds without any sample, so that comes first. */
function brokenOf(name: string, metrics: SummaryData["metrics"]): string[] {
  if (judgedOf(name, metrics) === 0) return ["no checkout was judged"];
  return METRICS.flatMap((metric) => Object.entries(metrics[of(metric, name)]?.thresholds ?? {}))
    .filter(([, { ok }]) => !ok)
    .map(([text]) => text);
}

function rowOf(name: string, metrics: SummaryData["metrics"]): string[] {
  const times = metrics[of("http_req_duration", name)]?.values ?? {};
  const checks = metrics[of("checks", name)]?.values.rate;
  const limits = Object.keys(metrics[of("http_req_duration", name)]?.thresholds ?? {});
  const broken = brokenOf(name, metrics);
  const judged = judgedOf(name, metrics);
  // k6 fills in zeros where it has no sample; they would read like measurements.
  if (judged === 0) return [name, "0", "-", "-", "-", "-", "", "✗", ...broken];
  return [
    name,
    String(judged),
    checks === undefined ? "-" : `${(checks * 100).toFixed(checks === 1 ? 0 : 1)} %`,
    milliseconds(times.med),
    milliseconds(times["p(95)"]),
    milliseconds(times["p(99)"]),
    limits.map((limit) => `${limit.replace(/^p\(95\)/, "")} ms`).join(" "),
    broken.length === 0 ? "✓" : "✗",
    broken.join(", "),
  ];
}

function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => (row[i] ?? "").length)));
  return rows
    .map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
