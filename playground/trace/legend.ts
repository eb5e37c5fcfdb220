import type { Journey, SpanKind } from "../../collector/lens/journey/model.ts";
import { CUT, SHADES } from "./bar.ts";
import { duration } from "./format.ts";
import { type Cell, cell, INK, type Line, lineWidth } from "./ink.ts";
import { KIND_MARKS, type Row } from "./rows.ts";
import { clip, plain } from "./text.ts";
import type { TimeLine } from "./timeline.ts";
import { STROKES } from "./trunk.ts";

/** The meaning of the marks that occur in these rows, in as many lines as the width needs. */
export function legendOf(rows: readonly Row[], timeLine: TimeLine, width: number): readonly Line[] {
  const marks = new Set(rows.filter((row) => row.is === "span").map((row) => row.mark));
  const strokes = new Set(rows.map((row) => row.stroke));
  const shades = new Set(rows.flatMap((row) => row.stretches.map(({ shade }) => shade)));
  const notes = new Set(rows.flatMap((row) => row.notes.map(({ long }) => long)));
  const kinds: readonly SpanKind[] = ["CLIENT", "SERVER", "PRODUCER", "CONSUMER", "INTERNAL"];
  const items: Cell[] = [
    ...kinds
      .filter((kind) => marks.has(KIND_MARKS[kind]))
      .map((k) => cell(`${KIND_MARKS[k]} ${k.toLowerCase()}`)),
    ...(["child", "link", "both", "correlation"] as const)
      .filter((stroke) => strokes.has(stroke))
      .map((stroke) => cell(`${STROKES[stroke]} ${edges[stroke]}`)),
    ...(["work", "outbox", "stream", "job", "message"] as const)
      .filter((shade) => shades.has(shade))
      .map((shade) =>
        cell(`${SHADES[shade]} ${shade}${shade === "work" ? "" : " wait"}`, shade === "work" ? "" : INK.wait),
      ),
    ...["↻ will retry", "† dead-lettered", "↶ compensation"]
      .filter((note) => notes.has(note))
      .map((n) => cell(n)),
    ...timeLine.cuts.map(({ cutNs }) => cell(`${CUT} ${duration(cutNs)} cut out`, INK.wait)),
  ];
  return flow(items, width);
}

const edges = {
  child: "child",
  link: "link",
  both: "child and link",
  correlation: "correlation id only",
} as const;

/** The line that says why a journey failed; null when it did not. */
export function causeLine(journey: Journey, width: number): Line | null {
  const { cause } = journey;
  if (!cause) return null;
  const why = [cause.errorType, cause.message]
    .filter((text) => text !== "")
    .map(plain)
    .join(": ");
  const text = `${plain(cause.service)} · ${plain(cause.name)}${why ? ` · ${why}` : ""}`;
  return [cell("✗ cause: ", INK.failedBold), cell(clip(text, Math.max(1, width - 9)), INK.failed)];
}

function flow(items: readonly Cell[], width: number): readonly Line[] {
  const lines: Cell[][] = [];
  for (const item of items) {
    const line = lines.at(-1);
    const shown = { ...item, sgr: item.sgr || INK.dim };
    if (line && lineWidth(line) + 2 + lineWidth([item]) <= width) line.push(cell("  "), shown);
    else lines.push([shown]);
  }
  return lines;
}
