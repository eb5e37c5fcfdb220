/** Figures as tables, the same for the terminal and for README.md. */
import type { Bench, Figure, Goal, Table } from "./bench.ts";
import { type Change, changeOf, keeps } from "./change.ts";
import type { BenchRecord } from "./record.ts";
import type { Spread } from "./statistics.ts";

/** A number with two decimals below 10, one below 100, none above: `1.23`, `12.3`, `1,234`. Whole numbers have none. */
export function numberText(value: number): string {
  const digits = Number.isInteger(value) || Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return value.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

const withUnit = (text: string, unit: string): string => (unit ? `${text} ${unit}` : text);

/** `12.3 ms (11.9 to 14.0)`; for a single round without the spread. */
function spreadText({ median, least, most, values }: Spread, unit: string): string {
  const range = values.length > 1 ? ` (${numberText(least)} to ${numberText(most)})` : "";
  return `${withUnit(numberText(median), unit)}${range}`;
}

function goalText(goal: Goal | undefined, spread: Spread, unit: string): string {
  if (!goal) return "";
  const [word, value] = "atMost" in goal ? ["at most", goal.atMost] : ["at least", goal.atLeast];
  return `${word} ${withUnit(numberText(value), unit)}: ${keeps(goal, spread) ? "kept" : "missed"}`;
}

/** `+12 %, worse`; in brackets when the spreads overlap. */
export function changeText({ percent, verdict }: Change): string {
  const text = percent === null ? "from 0" : `${percent < 0 ? "-" : "+"}${Math.abs(percent).toFixed(0)} %`;
  return verdict === "same" ? `(${text})` : `${text}, ${verdict}`;
}

/** A Markdown table with aligned columns, so that a terminal shows it well, too. */
export function markdown({ columns, rows }: Pick<Table, "columns" | "rows">): string {
  const widths = columns.map((name, i) =>
    Math.max(3, ...[name, ...rows.map((row) => row[i] ?? "")].map((t) => t.length)),
  );
  const line = (cells: readonly string[]): string =>
    `| ${widths.map((width, i) => (cells[i] ?? "").padEnd(width)).join(" | ")} |`;
  const rule = `|${widths.map((width) => "-".repeat(width + 2)).join("|")}|`;
  return [line(columns), rule, ...rows.map(line)].join("\n");
}

const recorded = (record: BenchRecord, { name }: Figure): Spread => {
  const spread = record.figures[name];
  if (!spread) throw new Error(`the record of ${record.bench} has no figure ${name}`);
  return spread;
};

/** The figures of `record` and its other tables; with `last`, each beside its last value. */
export function recordTables(
  bench: Pick<Bench, "figures">,
  record: BenchRecord,
  last: BenchRecord | null = null,
): string {
  const rows = bench.figures.map((figure) => {
    const now = recorded(record, figure);
    const before = last?.figures[figure.name];
    const cells = [figure.says, spreadText(now, figure.unit), goalText(figure.goal, now, figure.unit)];
    if (!last) return cells;
    if (!before) return [...cells, "", "new"];
    return [...cells, spreadText(before, figure.unit), changeText(changeOf(before, now, figure.better))];
  });
  const columns = ["figure", "median (least to most)", "goal", ...(last ? ["last", "change"] : [])];
  const others = record.tables.map((table) => `${table.title}\n\n${markdown(table)}`);
  return [markdown({ columns, rows }), ...others].join("\n\n");
}
