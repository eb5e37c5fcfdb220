/** A store in a folder of its own, written to and read from in one thread. */
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach } from "vitest";
import { Counts } from "../counts.ts";
import { Hasher } from "../otlp/hasher.ts";
import { encodeJson } from "../otlp/json/in.ts";
import { IndexKeys } from "../otlp/read/index-keys.ts";
import { logReader } from "../otlp/read/logs.ts";
import { readRequest } from "../otlp/read/request.ts";
import { spanReader } from "../otlp/read/spans.ts";
import { oneSpan } from "../otlp/requests.fixture.ts";
import { openForReading, openStore } from "./files.ts";
import { StoreReader } from "./read/store-reader.ts";
import type { StoredTrace } from "./read/stored-trace.ts";
import { type Batch, batchOf } from "./write/batch.ts";
import { StoreWriter, type WriterOptions } from "./write/store-writer.ts";
import type { Eviction } from "./write/tally.ts";

export const MIB = 1024 * 1024;
export const INDEX = ["correlation.id", "baton.order.id"];

/** The n-th trace id, and span id. */
export const trace = (n: number): string => n.toString(16).padStart(32, "0");
export const span = (n: number): string => n.toString(16).padStart(16, "0");

const folders: string[] = [];
const open: TestStore[] = [];
afterEach(() => {
  for (const store of open.splice(0)) store.close();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

export function newFolder(): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), "lens-store-"));
  folders.push(folder);
  return folder;
}

export class TestStore {
  readonly counts = new Counts();
  readonly evictions: Eviction[] = [];
  readonly said: string[] = [];
  readonly writer: StoreWriter;
  readonly reader: StoreReader;
  readonly store: ReturnType<typeof openStore>;
  readonly #keys: IndexKeys;
  readonly #folder: string;
  #isOpen = true;

  constructor(folder = newFolder(), options: Partial<WriterOptions> = {}) {
    this.#folder = folder;
    this.store = openStore(
      folder,
      (what, fields) => this.said.push(`${what}: ${JSON.stringify(fields)}`),
      "OFF",
    );
    this.writer = new StoreWriter(this.store, {
      limitBytes: 64 * MIB,
      maxAgeMs: 3_600_000,
      index: INDEX,
      edges: new Set(),
      counts: this.counts,
      onEvict: (evictions) => this.evictions.push(...evictions),
      ...options,
    });
    this.reader = new StoreReader(openForReading(folder));
    this.#keys = new IndexKeys(new Hasher(this.store.seed), INDEX);
    open.push(this);
  }

  /** A request in OTLP/JSON, as the thread that receives would hand it over. */
  batch(signal: "traces" | "logs", request: object): Batch {
    const body = encodeJson(signal === "traces" ? "TracesRequest" : "LogsRequest", request);
    const reading = readRequest(body, this.#keys, signal === "traces" ? spanReader : logReader);
    for (let step = reading.next(); ; step = reading.next())
      if (step.done) return batchOf(signal, body, step.value);
  }

  /** Stores requests of spans, each in a transaction of its own. */
  send(...requests: object[]): void {
    for (const request of requests) {
      this.writer.take(this.batch("traces", request));
      this.commit();
    }
  }

  /** Stores many requests of spans, some in each transaction. */
  sendMany(requests: Iterable<object>): void {
    let n = 0;
    for (const request of requests) {
      this.writer.take(this.batch("traces", request));
      if (++n % 16 === 0) this.commit();
    }
    this.commit();
  }

  sendLogs(request: object): void {
    this.writer.take(this.batch("logs", request));
    this.commit();
  }

  commit(): void {
    if (!this.writer.commit()) throw this.writer.failure;
  }

  /** Ids of all traces, the newest first. */
  ids(traces: Iterable<StoredTrace> = this.reader.newestFirst()): string[] {
    return Array.from(traces, ({ traceId }) => traceId);
  }

  get bytes(): number {
    return this.counts.get("storeBytes");
  }

  /** Closes it and removes its folder, for those who make many. */
  dispose(): void {
    this.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.reader.close();
    this.writer.close();
  }
}

/** A request with spans of the n-th trace, with these names. */
export const traceOf = (n: number, names: readonly string[], service = "gateway"): object => {
  const [first, ...rest] = names.map((name, i) =>
    oneSpan({ traceId: trace(n), spanId: span(i + 1), name }, service),
  );
  const spansOf = (request: object | undefined) =>
    (request as { resourceSpans: { scopeSpans: { spans: object[] }[] }[] } | undefined)?.resourceSpans[0]
      ?.scopeSpans[0]?.spans ?? [];
  spansOf(first).push(...rest.flatMap(spansOf));
  return first ?? {};
};

/** A request with one log record. */
export const logRequest = (record: object, service = "gateway"): object => ({
  resourceLogs: [
    {
      resource: { attributes: [{ key: "service.name", value: { stringValue: service } }] },
      scopeLogs: [{ logRecords: [record] }],
    },
  ],
});
