/** Finds log records: by trace, by correlation id, by service. */
import { BATON } from "../../../services/_kit/telemetry/conventions.ts";
import type { LogRecord } from "../journey/model.ts";
import { decodeLog } from "../otlp/decode.ts";
import type { StoreReader } from "../store/read/store-reader.ts";
import type { StoredTrace } from "../store/read/stored-trace.ts";
import { Patience } from "./patient.ts";
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
  /** True when the time ran out: there may be more that was not looked at. */
  readonly partial: boolean;
}

/** What one question may take. */
const BUDGET_MS = 5_000;

const byTime = (a: LogRecord, b: LogRecord): number =>
  a.timeNs < b.timeNs ? -1 : a.timeNs > b.timeNs ? 1 : 0;

/**
 * Every log record of the traces, and every one with the correlation id, wherever it was written; each once. Bounded in
 * time and, by the limit, in memory. Rejects with the signal's reason when it is aborted.
 */
export async function findLogs(
  store: StoreReader,
  { traceIds, correlationId, limit }: LogQuery,
  signal?: AbortSignal,
  budgetMs = BUDGET_MS,
): Promise<FoundLogs> {
  const patience = new Patience(budgetMs, signal);
  const latest = new Latest(limit);
  const own = new Set(traceIds);
  const take = async (logs: Iterable<LogRecord>): Promise<void> => {
    for (const log of logs) {
      latest.add(log);
      await patience.pause();
      if (patience.isOver) return;
    }
  };
  for (const traceId of own) {
    const trace = store.trace(traceId);
    if (trace) await take(logsOf(trace));
    await patience.pause();
    if (patience.isOver) return { ...latest.result(), partial: true };
  }
  if (correlationId === "") return { ...latest.result(), partial: false };
  for (const trace of store.withAttribute(BATON.correlationId, correlationId)) {
    if (patience.isOver) return { ...latest.result(), partial: true };
    if (trace.traceId === "" || !own.has(trace.traceId)) await take(carrying(trace, correlationId));
    await patience.pause();
  }
  return { ...latest.result(), partial: false };
}

function* carrying(trace: StoredTrace, correlationId: string): Generator<LogRecord> {
  for (const log of logsOf(trace)) if (log.attributes[BATON.correlationId] === correlationId) yield log;
}

/** The last records by time, of however many. */
class Latest {
  readonly #limit: number;
  #logs: LogRecord[] = [];
  #dropped = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  add(log: LogRecord): void {
    this.#logs.push(log);
    if (this.#logs.length >= 2 * this.#limit) this.#prune();
  }

  result(): Pick<FoundLogs, "logs" | "leftOut"> {
    this.#prune();
    return { logs: this.#logs, leftOut: this.#dropped };
  }

  #prune(): void {
    this.#logs.sort(byTime);
    this.#dropped += Math.max(0, this.#logs.length - this.#limit);
    this.#logs = this.#logs.slice(-this.#limit);
  }
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
