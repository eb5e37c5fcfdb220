/**
 * A journey as text for a terminal: a header, the tree with one line a span and its bar on a common time line,
 * the cause, and what the marks mean. Pure: takes plain data, returns a string.
 */
import {
  type JourneyJson,
  journeyFromJson,
  type LogRecordJson,
  logFromJson,
} from "../../collector/lens/journey/json.ts";
import type { Hop, Journey, LogRecord } from "../../collector/lens/journey/model.ts";
import { axisOf, barOf } from "./bar.ts";
import { type Columns, columnsFor } from "./columns.ts";
import { counted } from "./format.ts";
import { headerOf } from "./header.ts";
import { type Cell, cell, INK, inksOf, type Line, lineWidth, paint } from "./ink.ts";
import { causeLine, legendOf } from "./legend.ts";
import { type Row, rowsOf, severityCell } from "./rows.ts";
import { clip, clipEnd, clipName, padEnd, padStart, shortName, widthOf } from "./text.ts";
import { type TimeLine, timeLineOf } from "./timeline.ts";
import { trunkOf } from "./trunk.ts";

export interface RenderOptions {
  /** Columns of the terminal. No line is longer. */
  readonly width: number;
  /** Whether to write colours; without them the text holds no escape code at all. */
  readonly colour: boolean;
  /** Whether to show each span's log records under it. */
  readonly logs: boolean;
  /** What a complete journey has; without it only "settled" is judged. */
  readonly hops?: readonly Hop[];
  /** A row for every database span, and no limit to the rows. */
  readonly full?: boolean;
  /** As few lines as tell what happened: the way to a failure, and what is healthy folded. */
  readonly brief?: boolean;
}

/** More rows are only counted, unless `full` asks for them. */
const rowsAtMost = 2_000;

/**
 * `journey` and `logs` as lens answers them or with their times as bigints. Returns lines joined by newlines,
 * without one at the end. Control characters in names and bodies are replaced.
 */
export function renderJourney(
  journey: Journey | JourneyJson,
  logs: readonly (LogRecord | LogRecordJson)[],
  options: RenderOptions,
): string {
  const known = isJson(journey) ? journeyFromJson(journey) : journey;
  const records = options.logs ? logs.map((log) => (isJsonLog(log) ? logFromJson(log) : log)) : [];
  const all = rowsOf(known, records.sort(byTime), options);
  const rows = options.full ? all : all.slice(0, rowsAtMost);
  const columns = columnsFor(rows, options.width);
  const timeLine = timeLineOf(known, columns.bar);
  const inks = inksOf(rows.filter((row) => row.service !== "").map((row) => row.service));
  const cause = causeLine(known, options.width);
  const space: Line[] = options.brief ? [] : [[]];
  const lines: Line[] = [
    ...headerOf(known, options.hops, options.width, options.brief),
    ...space,
    [cell(" ".repeat(columns.beforeBar)), ...axisOf(timeLine)],
    ...rows.map((row) => lineOf(row, columns, timeLine, inks.get(row.service) ?? INK.none)),
    ...(all.length > rows.length
      ? [[cell(`… and ${counted(all.length - rows.length, "more row")}`, INK.dim)]]
      : []),
    ...space,
    ...(cause ? [cause] : []),
    ...legendOf(rows, timeLine, options.width),
  ];
  return lines.map((line) => paint(line, options.width, options.colour)).join("\n");
}

const isJson = (journey: Journey | JourneyJson): journey is JourneyJson =>
  typeof journey.startNs === "string";
const isJsonLog = (log: LogRecord | LogRecordJson): log is LogRecordJson => typeof log.timeNs === "string";

function byTime(a: LogRecord, b: LogRecord): number {
  if (a.timeNs === b.timeNs) return 0;
  return a.timeNs < b.timeNs ? -1 : 1;
}

function lineOf(row: Row, columns: Columns, timeLine: TimeLine, ink: string): Line {
  const service = cell(padEnd(clip(row.service, columns.service), columns.service + 1), ink);
  const trunk = cell(trunkOf(row, columns.step, columns.trunkAtMost), row.is === "wait" ? INK.wait : INK.dim);
  if (row.is === "log") return [service, trunk, cell("  "), severityCell(row), cell(` ${row.name}`, INK.dim)];
  const room = columns.tree - lineWidth([trunk]);
  const label = row.is === "wait" ? [cell(clip(`  ${row.name}`, room), INK.wait)] : labelOf(row, room, ink);
  const gap = " ".repeat(Math.max(0, room - lineWidth(label)) + 1);
  const time = cell(padStart(row.time, columns.time), row.is === "wait" ? INK.wait : INK.none);
  const bar = barOf(row.stretches, timeLine, row.failed ? INK.failed : ink);
  return [service, trunk, ...label, cell(gap), time, cell(" "), ...bar];
}

/** Kind, name and notes in `room` columns: notes are shortened from the left until the name fits, then it is cut. */
function labelOf(row: Row, room: number, ink: string): readonly Cell[] {
  const mark = cell(row.mark === "" ? "" : `${row.mark} `, ink);
  const left = (notes: readonly Cell[]) => room - lineWidth([mark]) - lineWidth(notes);
  const wanted = Math.min(widthOf(row.isGroup ? "" : shortName(row.name)), nameAtLeast);
  let notes = notesOf(row, 0);
  for (let shortened = 1; left(notes) < wanted && shortened <= row.notes.length; shortened++) {
    notes = notesOf(row, shortened);
  }
  const name = row.isGroup ? clipEnd(row.name, left(notes)) : clipName(row.name, left(notes));
  return [mark, cell(name, row.failed ? INK.failed : INK.none), ...notes];
}

/** Notes are shortened until the name has this many columns, or all that it needs. */
const nameAtLeast = 30;

function notesOf(row: Row, shortened: number): readonly Cell[] {
  return row.notes.map((note, i) => cell(` ${i < shortened ? note.short : note.long}`, note.sgr));
}
