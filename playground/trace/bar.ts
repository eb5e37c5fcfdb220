import { type Cell, cell, INK } from "./ink.ts";
import { padEnd, widthOf } from "./text.ts";
import type { TimeLine } from "./timeline.ts";

/** What a bar shows: work, or one kind of wait. */
export const SHADES = { work: "█", outbox: "░", stream: "▒", job: "▓", message: "▚" } as const;
export type Shade = keyof typeof SHADES;

/** A stretch of time in a row's bar. */
export interface Stretch {
  readonly startNs: bigint;
  readonly endNs: bigint;
  readonly shade: Shade;
}

/** The mark for time that was cut out. */
export const CUT = "╱";

const leftEighths = [" ", "▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"];

/**
 * A row's bar on the time line, in `timeLine.columns` columns. Even the shortest stretch is visible. Work ends on an
 * eighth of a column, but begins on a half one, because block characters grow from the left only.
 */
export function barOf(stretches: readonly Stretch[], timeLine: TimeLine, workInk: string): readonly Cell[] {
  const marks: Cell[] = Array.from({ length: timeLine.columns }, () => cell(" "));
  for (const { column } of timeLine.cuts) marks[column] = cell(CUT, INK.dim);
  const isCut = new Set(timeLine.cuts.map(({ column }) => column));
  for (const { startNs, endNs, shade } of stretches) {
    const from = timeLine.at(startNs);
    const to = Math.max(timeLine.at(endNs), from);
    const ink = shade === "work" ? workInk : INK.wait;
    const first = Math.min(Math.floor(from), timeLine.columns - 1);
    for (let column = first; column < Math.max(to, first + 1) && column < timeLine.columns; column++) {
      if (isCut.has(column)) marks[column] = cell(CUT, ink);
      else if (shade !== "work") marks[column] = cell(SHADES[shade], ink);
      else if (marks[column]?.text !== SHADES.work)
        marks[column] = cell(block(from - column, to - column), ink);
    }
  }
  return merged(marks);
}

/** The block for the part from `from` to `to` of a column, where 0 is its left and 1 its right edge. */
function block(from: number, to: number): string {
  const part = Math.min(to, 1) - Math.max(from, 0);
  if (from > 0.25 && to >= 1) return from < 0.75 ? "▐" : "▕";
  return leftEighths[Math.min(8, Math.max(1, Math.round(part * 8)))] ?? SHADES.work;
}

/** The scale over the bars: a mark at each round time, with its label right of it. */
export function axisOf(timeLine: TimeLine): readonly Cell[] {
  let line = "";
  const cuts = timeLine.cuts.map(({ column }) => ({ column, text: CUT }));
  const ticks = timeLine.ticks.map(({ column, label }) => ({ column, text: `╷${label}` }));
  for (const { column, text } of [...cuts, ...ticks].sort((a, b) => a.column - b.column)) {
    const fits = column + widthOf(text) <= timeLine.columns;
    const next = cuts.find((cut) => cut.column > column)?.column ?? timeLine.columns;
    const clear = text === CUT || column + widthOf(text) <= next;
    if (fits && clear && widthOf(line) <= column) line = padEnd(line, column) + text;
  }
  return [cell(line, INK.dim)];
}

function merged(cells: readonly Cell[]): readonly Cell[] {
  const runs: { text: string; sgr: string }[] = [];
  for (const { text, sgr } of cells) {
    const last = runs.at(-1);
    if (last && last.sgr === sgr) last.text += text;
    else runs.push({ text, sgr });
  }
  return runs;
}
