import type { Row } from "./rows.ts";
import { widthOf } from "./text.ts";
import { trunkWidth } from "./trunk.ts";

/** How a line is divided: service, tree with name, duration, bar. */
export interface Columns {
  readonly service: number;
  readonly tree: number;
  readonly time: number;
  readonly bar: number;
  /** Columns of a line before its bar. */
  readonly beforeBar: number;
  /** The indent of one level of the tree. */
  readonly step: number;
  /** A deeper trunk is cut, so that names keep room. */
  readonly trunkAtMost: number;
}

const time = 8;
const serviceAtMost = { narrow: 13, wide: 24 } as const;
const wideFrom = 120;
/** The bar has at least this share of the line, within these bounds. */
const bar = { share: 0.24, least: 8, most: 110 } as const;

/** Divides `width` columns: names get what they need, bars at least their share and the rest. */
export function columnsFor(rows: readonly Row[], width: number): Columns {
  const spans = rows.filter((row) => row.is !== "log" && !row.isGroup);
  const most = width >= wideFrom ? serviceAtMost.wide : serviceAtMost.narrow;
  const service = Math.min(
    most,
    widest(spans, (row) => widthOf(row.service)),
    Math.floor(width / 4),
  );
  const fixed = service + 1 + 1 + time + 1;
  const shared = Math.max(2, width - fixed);
  const leastBar = Math.max(1, Math.min(shared - 1, Math.max(bar.least, Math.round(width * bar.share))));
  const room = shared - leastBar;
  const step =
    [3, 2].find((size) => widest(spans, (row) => treeWidth(row, size)) <= room) ??
    (width >= wideFrom ? 2 : 1);
  const tree = Math.max(
    Math.min(
      room,
      widest(spans, (row) => treeWidth(row, step)),
    ),
    shared - bar.most,
  );
  const columns = { service, tree, time, bar: Math.max(1, Math.min(bar.most, shared - tree)), step };
  return { ...columns, beforeBar: fixed + tree, trunkAtMost: Math.max(step, Math.floor(tree * 0.55)) };
}

function treeWidth(row: Row, step: number): number {
  const notes = row.notes.reduce((sum, note) => sum + 1 + widthOf(note.long), 0);
  return trunkWidth(row, step) + 2 + widthOf(row.name) + notes;
}

function widest(rows: readonly Row[], measure: (row: Row) => number): number {
  return rows.reduce((most, row) => Math.max(most, measure(row)), 1);
}
