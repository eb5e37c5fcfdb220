/**
 * The rules on log records: an event that is known, with what it must say; a severity; a body; attributes that are
 * known.
 */
import type { Registry } from "../../../telemetry/rows.ts";
import { judgeAttributes } from "./attributes.ts";
import type { EmittedLog } from "./emitted.ts";
import { type Finding, type Violation, violationsOf } from "./violation.ts";

/** The names of OpenTelemetry's ranges, of four numbers each, as pino writes them. */
const RANGES = ["trace", "debug", "info", "warn", "error", "fatal"];

const rangeOf = (severity: number): string | undefined => RANGES[Math.floor((severity - 1) / 4)];

export function judgeLog(log: EmittedLog, registry: Registry): Violation[] {
  const { origin, eventName, attributes } = log;
  const row = registry.events.get(eventName);
  const id = row?.id ?? "log";
  const found: Finding[] = judgeAttributes(
    { id, attributes },
    registry,
    row?.attributes ?? new Map(),
    registry.any.log,
  );
  if (eventName !== "" && row === undefined)
    found.push({ rule: "unknown event", says: `"${eventName}" is in no row` });
  if (log.severity < 1 || log.severity > 24)
    found.push({ rule: "wrong severity", says: `${log.severity} is none from 1 to 24` });
  else if (rangeOf(log.severity) !== log.severityText)
    found.push({ rule: "wrong severity", says: `${log.severity} is not ${log.severityText}` });
  if (log.body.type !== "string" || log.body.value === "")
    found.push({ rule: "wrong body", says: `it is of type ${log.body.type}` });
  return violationsOf("log", origin, id, found);
}
