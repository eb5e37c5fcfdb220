/** Reads log lines and merges those of many services. A line is a JSON object as pino writes it. */

/** One log record. */
export interface LogLine {
  /** Milliseconds since 1970. */
  readonly timeMs: number;
  readonly level: string;
  readonly service: string;
  readonly message: string;
  readonly correlationId: string;
  readonly traceId: string;
  /** Everything else that the line holds. */
  readonly rest: Readonly<Record<string, unknown>>;
}

const LEVELS: Readonly<Record<number, string>> = {
  10: "TRACE",
  20: "DEBUG",
  30: "INFO",
  40: "WARN",
  50: "ERROR",
  60: "FATAL",
};
/** Printed in a column of its own, or not worth printing. */
const NOT_SHOWN = new Set([
  "time",
  "level",
  "service",
  "msg",
  "otel.event.name",
  "correlation.id",
  "trace_id",
  "trace_flags",
  "span_id",
  "pid",
  "hostname",
]);

const textOf = (value: unknown): string => (typeof value === "string" ? value : "");

/** Reads one line; null when it is no log record of ours, such as a stack trace or a server's own log. */
export function parseLogLine(line: string): LogLine | null {
  if (!line.startsWith("{")) return null;
  let fields: Record<string, unknown>;
  try {
    fields = JSON.parse(line) as Record<string, unknown>;
  } catch {
    return null;
  }
  const { time, level } = fields;
  const timeMs = typeof time === "number" ? time : Date.parse(textOf(time));
  if (!Number.isFinite(timeMs)) return null;
  return {
    timeMs,
    level: typeof level === "number" ? (LEVELS[level] ?? String(level)) : textOf(level).toUpperCase(),
    service: textOf(fields.service),
    message: textOf(fields.msg),
    correlationId: textOf(fields["correlation.id"]),
    traceId: textOf(fields.trace_id),
    rest: Object.fromEntries(Object.entries(fields).filter(([name]) => !NOT_SHOWN.has(name))),
  };
}

/** True when `line` belongs to the correlation or trace id `id`. */
export const belongsTo = (line: LogLine, id: string): boolean =>
  line.correlationId === id || line.traceId === id;

/** All lines in the order of their times; lines of the same millisecond keep the order that they were given in. */
export const inOrder = (lines: readonly LogLine[]): LogLine[] =>
  lines.toSorted((a, b) => a.timeMs - b.timeMs);

/** `value` as it is printed after `name=`: text without blanks unchanged, an error as its message. */
function shown(value: unknown): string {
  if (typeof value === "object" && value !== null && "message" in value) return JSON.stringify(value.message);
  return typeof value === "string" && /^[^\s"]+$/.test(value) ? value : JSON.stringify(value);
}

/** The fields that are no column of their own, as `name=value name=value`. */
export const restOf = (line: LogLine): string =>
  Object.entries(line.rest)
    .map(([name, value]) => `${name}=${shown(value)}`)
    .join(" ");

/** Local time of day with milliseconds: `14:03:07.042`. */
export function clock(timeMs: number): string {
  const at = new Date(timeMs);
  const two = (n: number): string => String(n).padStart(2, "0");
  return `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}.${String(at.getMilliseconds()).padStart(3, "0")}`;
}
