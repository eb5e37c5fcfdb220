/** Colours for terminals. */
import { styleText } from "node:util";

export type Style = Parameters<typeof styleText>[0];
export type Paint = (style: Style, text: string) => string;

/** Paints for `out`; does nothing when it is no terminal, or when NO_COLOR is set. */
export const paintFor =
  (out: NodeJS.WriteStream): Paint =>
  (style, text) =>
    styleText(style, text, { stream: out, validateStream: true });

/** True when `paintFor(out)` paints. */
export const isColoured = (out: NodeJS.WriteStream): boolean => paintFor(out)("red", "x") !== "x";

/** Columns of equal width, two spaces apart; the last one is not padded. Every row has the same number of cells. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
