/** Finds log records: by trace, by correlation id, by service. */
import { BATON } from "../../../services/_kit/telemetry/conventions.ts";
import type { LogRecord } from "../journey/model.ts";
import { decodeLog } from "../otlp/decode.ts";
import type { StoreReader } from "../store/read/store-reader.ts";
import { logsOf } from "./source.ts";

export interface LogQuery {
  readonly traceIds: Iterable<string>;
  /** Empty for none. */
  readonly correlationId: string;
  readonly limit: number;
}

export interface FoundLogs {
  /** By time, the earliest first. When there are more than the limit, the last ones. */
  readonly logs: readonly LogRecord[];
  readonly leftOut: number;
}

const byTime = (a: LogRecord, b: LogRecord): number =>
  a.timeNs < b.timeNs ? -1 : a.timeNs > b.timeNs ? 1 : 0;

/** Every log record of the traces, and every one with the correlation id, wherever it was written; each once. */
export function findLogs(store: StoreReader, query: LogQuery): FoundLogs {
  const traceIds = new Set(query.traceIds);
  const logs: LogRecord[] = [];
  for (const traceId of traceIds) {
    const trace = store.trace(traceId);
    for (const log of trace ? logsOf(trace) : []) logs.push(log);
  }
  if (query.correlationId) {
    for (const trace of store.withAttribute(BATON.correlationId, query.correlationId)) {
      if (trace.traceId !== "" && traceIds.has(trace.traceId)) continue;
      for (const log of logsOf(trace)) {
        if (log.attributes[BATON.correlationId] === query.correlationId) logs.push(log);
      }
    }
  }
  logs.sort(byTime);
  return { logs: logs.slice(-query.limit), leftOut: Math.max(0, logs.length - query.limit) };
}

/** The latest log records that a service wrote, in a trace or outside any. `more`: there are older ones. */
export function latestLogs(
  store: StoreReader,
  service: string,
  limit: number,
): { readonly logs: readonly LogRecord[]; readonly more: boolean } {
  const logs: LogRecord[] = [];
  for (const { bytes, origin } of store.logsOf(service)) {
    if (logs.length >= limit) return { logs: logs.sort(byTime), more: true };
    logs.push(decodeLog(bytes, origin.words));
  }
  return { logs: logs.sort(byTime), more: false };
}
