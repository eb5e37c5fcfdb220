import { isCompensation } from "../../collector/lens/journey/cause.ts";
import { isFailed } from "../../collector/lens/journey/failure.ts";
import type {
  Journey,
  JourneySpan,
  LogRecord,
  SpanKey,
  SpanKind,
  Wait,
} from "../../collector/lens/journey/model.ts";
import { keyOf } from "../../collector/lens/journey/model.ts";
import { numberOf, textOf } from "../../collector/lens/journey/read.ts";
import { endOf, lastingOf } from "../../collector/lens/journey/times.ts";
import { ATTR, BATON } from "../../services/_kit/telemetry/conventions.ts";
import type { Stretch } from "./bar.ts";
import { briefOf } from "./brief.ts";
import { databaseOf, type Item, itemsOf } from "./collapse.ts";
import { counted, duration } from "./format.ts";
import { type Cell, cell, INK } from "./ink.ts";
import { plain } from "./text.ts";
import { type Branch, type Place, placesOf } from "./trunk.ts";

/** Each kind's mark in front of a name. */
export const KIND_MARKS: Readonly<Record<SpanKind, string>> = {
  CLIENT: "→",
  SERVER: "←",
  PRODUCER: "↗",
  CONSUMER: "↘",
  INTERNAL: "·",
  UNSPECIFIED: "·",
};

/** One line of the tree, before it is fitted to the terminal's width. All text is plain. */
export interface Row extends Branch {
  readonly is: "span" | "wait" | "log";
  readonly service: string;
  readonly mark: string;
  readonly name: string;
  /** Several spans drawn as one. Its name is a list, which is shortened first. */
  readonly isGroup: boolean;
  readonly failed: boolean;
  /** Notes after the name, each in a long and a short form. */
  readonly notes: readonly { readonly long: string; readonly short: string; readonly sgr: string }[];
  readonly time: string;
  readonly stretches: readonly Stretch[];
}

/** How much is drawn: `full` folds nothing, `brief` folds all that is healthy. */
export interface Detail {
  readonly full?: boolean;
  readonly brief?: boolean;
}

/** The rows of a journey: for each span its waits, itself, its logs, then its children. */
export function rowsOf(
  journey: Journey,
  logs: readonly LogRecord[],
  { full = false, brief = false }: Detail,
): readonly Row[] {
  const { spans, hidden } = brief ? briefOf(journey.spans) : { spans: journey.spans, hidden: new Map() };
  const items = itemsOf(spans, full);
  const places = placesOf(items.map(({ placed }) => placed.depth));
  const waits = Map.groupBy(journey.waits, (wait) => wait.key);
  const bySpan = Map.groupBy(logs, keyOf);
  return items.flatMap((item, i) => {
    const place = places[i];
    if (!place) return [];
    const { key } = item.placed;
    return [
      ...waitRows(waits.get(key) ?? [], place),
      spanRow(item, place, journey.cause?.key === key, hidden.get(key) ?? 0),
      ...keysIn(item).flatMap((own) => (bySpan.get(own) ?? []).map((log) => logRow(log, place))),
    ];
  });
}

const keysIn = ({ placed, group }: Item): readonly SpanKey[] =>
  group.length > 0 ? group.map((s) => s.key) : [placed.key];

function spanRow(item: Item, { levels, isLast }: Place, isCause: boolean, hidden: number): Row {
  const { placed, group } = item;
  const { span, edge } = placed;
  const several = group.length > 1;
  const shown = several ? group : [placed];
  const stretches = shown.map(
    (s) => ({ startNs: s.span.startNs, endNs: endOf(s.span), shade: "work" }) as const,
  );
  return {
    is: "span",
    service: plain(span.service),
    levels,
    joint: edge === "root" ? "root" : isLast ? "last" : "middle",
    stroke: placed.alsoLinked ? "both" : edge,
    mark: KIND_MARKS[span.kind],
    name: several ? groupName(group) : plain(span.name),
    isGroup: several,
    failed: isFailed(span),
    notes: several ? [] : notesOf(placed, isCause, hidden),
    time: duration(several ? outermost(group).reduce((sum, s) => sum + lasting(s), 0n) : lasting(placed)),
    stretches,
  };
}

const lasting = ({ span }: JourneySpan): bigint => lastingOf(span);

/** The spans of a group that are not inside another span of it, so that nested calls do not count twice. */
function outermost(group: readonly JourneySpan[]): readonly JourneySpan[] {
  const depth = group.reduce((least, s) => Math.min(least, s.depth), Number.POSITIVE_INFINITY);
  return group.filter((s) => s.depth === depth);
}

/**
 * `3 × postgresql INSERT inventory, COMMIT`: without the instrumentation's prefix before a colon, which is the same in
 * all.
 */
function groupName(group: readonly JourneySpan[]): string {
  const names = new Set(group.map(({ span }) => plain(span.name).replace(/^[\w.-]+:/, "")));
  const [first] = group;
  return `${group.length} × ${first ? plain(databaseOf(first)) : ""} ${[...names].join(", ")}`;
}

function notesOf(placed: JourneySpan, isCause: boolean, hidden: number): Row["notes"] {
  const { span } = placed;
  const attempt = numberOf(span.attributes, BATON.attempt) ?? 1;
  const outcome = textOf(span.attributes, BATON.outcome);
  const errorType = plain(textOf(span.attributes, ATTR.errorType));
  const notes: Row["notes"][number][] = [];
  const note = (sgr: string, long: string, short = long) => notes.push({ long, short, sgr });
  if (attempt > 1 || outcome === "retry") note(INK.dim, `attempt ${attempt}`, `#${attempt}`);
  if (outcome === "retry") note(INK.wait, "↻ will retry", "↻");
  if (outcome === "dead-letter") note(INK.failed, "† dead-lettered", "†");
  if (isCompensation(span)) note(INK.dim, "↶ compensation", "↶");
  if (isFailed(span)) note(INK.failed, errorType ? `✗ ${errorType}` : "✗", "✗");
  if (isCause) note(INK.failedBold, "◀ cause", "◀");
  if (placed.orphan) note(INK.wait, "? orphan", "?");
  if (placed.shared) note(INK.dim, "shared batch", "shared");
  if (hidden > 0) note(INK.dim, `+${counted(hidden, "span")}`, `+${hidden}`);
  return notes;
}

/** The waits that one span ended, on one row: they belong to the edge that leads to it. */
function waitRows(waits: readonly Wait[], { levels }: Place): readonly Row[] {
  if (waits.length === 0) return [];
  const several = waits.length > 1;
  const since = (wait: Wait) => (wait.since ? ` since ${plain(wait.since)}` : "");
  const lasting = (wait: Wait) => duration(wait.endNs - wait.startNs);
  return [
    {
      is: "wait",
      service: "",
      levels,
      joint: "waiting",
      stroke: "root",
      mark: "",
      name: waits
        .map((w) => `${w.estimated ? "≈ " : ""}${w.kind} wait${since(w)}${several ? ` ${lasting(w)}` : ""}`)
        .join(" + "),
      isGroup: false,
      failed: false,
      notes: [],
      time: duration(waits.reduce((sum, w) => sum + (w.endNs - w.startNs), 0n)),
      stretches: waits.map((w) => ({ startNs: w.startNs, endNs: w.endNs, shade: w.kind })),
    },
  ];
}

function logRow(log: LogRecord, { below, hasBelow }: Place): Row {
  return {
    is: "log",
    service: "",
    levels: below,
    joint: hasBelow ? "through" : "none",
    stroke: "root",
    mark: plain(log.severity).toUpperCase(),
    name: plain(log.body),
    isGroup: false,
    failed: /^(?:error|fatal)/i.test(log.severity),
    notes: [],
    time: "",
    stretches: [],
  };
}

/** A log's severity in its colour. */
export const severityCell = (row: Row): Cell =>
  cell(row.mark, row.failed ? INK.failed : row.mark.startsWith("WARN") ? INK.wait : INK.dim);
