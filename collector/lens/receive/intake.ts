/**
 * Takes the requests that the receivers have unpacked: reads all of it, then stores all of it, and counts. The
 * receivers differ in how bytes arrive and how a refusal is said; what is in them is decided here.
 */
import { type Counters, countRefused, type Signal } from "../counters.ts";
import { type IndexedKey, indexedKeys } from "../otlp/attributes.ts";
import { malformed, OtlpError } from "../otlp/error.ts";
import { encodeJson } from "../otlp/json-in.ts";
import { countDataPoints, countJsonDataPoints } from "../otlp/metrics.ts";
import { type RawItem, type RawScope, readLogs, readSpans, splitRequest } from "../otlp/read.ts";
import type { Added, Store } from "../store/store.ts";

/** What OTLP calls a partial success; 0 for a full one. */
export interface Accepted {
  readonly rejected: number;
}

export class Intake {
  readonly #store: Store;
  readonly #counters: Counters;
  readonly #keys: readonly IndexedKey[];

  /** `index`: names of the attributes whose values the store indexes. */
  constructor(store: Store, counters: Counters, index: Iterable<string>) {
    this.#store = store;
    this.#counters = counters;
    this.#keys = indexedKeys(index);
  }

  /** `body`: a protobuf export request of the signal. Throws an OtlpError `malformed`, with nothing stored. */
  protobuf(signal: Signal, body: Buffer): Accepted {
    return this.#take(signal, splitRequest(body));
  }

  /** `body`: an OTLP/JSON export request of the signal. Throws an OtlpError `malformed`, with nothing stored. */
  json(signal: Signal, body: Buffer): Accepted {
    const request = parseJson(body);
    if (signal === "metrics") return this.#countPoints(countJsonDataPoints(request));
    const message = signal === "traces" ? "TracesRequest" : "LogsRequest";
    return this.#take(signal, splitRequest(encodeJson(message, request)));
  }

  /** Runs all that a receiver does with one request, and counts the request as refused when it throws. */
  async counted(signal: Signal, take: () => Promise<Accepted>): Promise<Accepted> {
    try {
      return await take();
    } catch (error) {
      if (error instanceof OtlpError) countRefused(this.#counters[signal], error.code);
      throw error;
    }
  }

  #take(signal: Signal, parts: readonly Buffer[]): Accepted {
    if (signal === "metrics") return this.#countPoints(countDataPoints(parts));
    if (signal === "logs") {
      const logs = readLogs(parts, this.#keys);
      return this.#count(signal, logs, this.#store.addLogs(logs));
    }
    const spans = readSpans(parts, this.#keys);
    return this.#count(signal, spans, this.#store.addSpans(spans));
  }

  #count(signal: Signal, scopes: readonly RawScope<RawItem>[], added: Added): Accepted {
    const counts = this.#counters[signal];
    counts.received += added.stored + added.duplicates;
    counts.stored += added.stored;
    counts.duplicates += added.duplicates;
    const rejected = scopes.reduce((sum, scope) => sum + scope.rejected, 0);
    countRefused(counts, "invalid_id", rejected);
    return { rejected };
  }

  #countPoints(points: number): Accepted {
    this.#counters.metrics.received += points;
    return { rejected: 0 };
  }
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString("utf8"));
  } catch (cause) {
    throw malformed("the body is not JSON", cause);
  }
}
