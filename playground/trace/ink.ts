import { takeStart, widthOf } from "./text.ts";

/** A stretch of text in one style. `sgr`: parameters of the terminal's "select graphic rendition"; "" for none. */
export interface Cell {
  readonly text: string;
  readonly sgr: string;
}

/** One line of the terminal. */
export type Line = readonly Cell[];

/** The terminal's own sixteen colours, so that light and dark themes both stay readable. */
export const INK = {
  none: "",
  bold: "1",
  dim: "2",
  failed: "31",
  failedBold: "1;31",
  good: "32",
  wait: "33",
} as const;

/** Colours of services: neither red, which is failure, nor yellow, which is waiting. */
const serviceInks = ["36", "32", "35", "34", "96", "92", "95", "94"] as const;

/** Text in a style. */
export const cell = (text: string, sgr: string = INK.none): Cell => ({ text, sgr });

/** A colour for each service, in the order of its first span. When the colours are used up, they repeat. */
export function inksOf(services: Iterable<string>): ReadonlyMap<string, string> {
  return new Map(
    [...new Set(services)].map((name, i) => [name, serviceInks[i % serviceInks.length] ?? INK.none]),
  );
}

/** How many columns a line takes. */
export const lineWidth = (line: Line): number => line.reduce((sum, { text }) => sum + widthOf(text), 0);

/** The line as text of at most `width` columns, without blanks at its end, with escape codes only for `colour`. */
export function paint(line: Line, width: number, colour: boolean): string {
  let left = width;
  const cells: Cell[] = [];
  for (const { text, sgr } of line) {
    const shown = takeStart(text, left);
    left -= widthOf(shown);
    if (shown !== "") cells.push({ text: shown, sgr });
    if (shown !== text) break;
  }
  const painted = cells.map(({ text, sgr }) =>
    colour && sgr !== "" ? `\u001b[${sgr}m${text}\u001b[0m` : text,
  );
  return painted.join("").trimEnd();
}
