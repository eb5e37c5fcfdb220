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
import { Turns } from "./turns.ts";

/** What became of a request: `rejected` is what OTLP calls a partial success; 0 for a full one. */
export interface Accepted {
  readonly received: number;
  readonly rejected: number;
}

/** A request as it came. */
export interface Taken {
  readonly signal: Signal;
  readonly encoding: "protobuf" | "json";
  readonly body: Buffer;
  /** Spans, log records or data points of it that were received. */
  readonly items: number;
}

export interface IntakeOptions {
  /** Names of the attributes whose values the store indexes. */
  readonly index: Iterable<string>;
  /** Told of every request that was taken. */
  readonly onTaken?: (taken: Taken) => void;
}

/** Items that are stored in one turn: 1 to 2 ms. */
const ITEMS_A_TURN = 256;

export class Intake {
  readonly #store: Store;
  readonly #counters: Counters;
  readonly #keys: readonly IndexedKey[];
  readonly #onTaken: (taken: Taken) => void;
  readonly #turns = new Turns();

  constructor(store: Store, counters: Counters, options: IntakeOptions) {
    this.#store = store;
    this.#counters = counters;
    this.#keys = indexedKeys(options.index);
    this.#onTaken = options.onTaken ?? (() => {});
  }

  /** `body`: a protobuf export request of the signal. Rejects with an OtlpError `malformed`, with nothing stored. */
  async protobuf(signal: Signal, body: Buffer): Promise<Accepted> {
    await this.#turns.next();
    const accepted = await this.#take(signal, splitRequest(body));
    this.#onTaken({ signal, encoding: "protobuf", body, items: accepted.received });
    return accepted;
  }

  /** `body`: an OTLP/JSON export request of the signal. Rejects with an OtlpError `malformed`, with nothing stored. */
  async json(signal: Signal, body: Buffer): Promise<Accepted> {
    await this.#turns.next();
    const accepted = await this.#takeJson(signal, parseJson(body));
    this.#onTaken({ signal, encoding: "json", body, items: accepted.received });
    return accepted;
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

  async #takeJson(signal: Signal, request: unknown): Promise<Accepted> {
    if (signal === "metrics") return this.#countPoints(countJsonDataPoints(request));
    const message = signal === "traces" ? "TracesRequest" : "LogsRequest";
    return this.#take(signal, splitRequest(encodeJson(message, request)));
  }

  async #take(signal: Signal, parts: readonly Buffer[]): Promise<Accepted> {
    if (signal === "metrics") return this.#countPoints(countDataPoints(parts));
    if (signal === "logs") {
      const logs = readLogs(parts, this.#keys);
      return this.#keep(signal, logs, (some) => this.#store.addLogs(some));
    }
    const spans = readSpans(parts, this.#keys);
    return this.#keep(signal, spans, (some) => this.#store.addSpans(some));
  }

  /** All of it can be stored by now; a long request waits for another turn after each piece. */
  async #keep<Item extends RawItem>(
    signal: Signal,
    scopes: readonly RawScope<Item>[],
    add: (some: readonly RawScope<Item>[]) => Added,
  ): Promise<Accepted> {
    const counts = this.#counters[signal];
    let [left, received] = [ITEMS_A_TURN, 0];
    for (const piece of piecesOf(scopes)) {
      if (left < piece.items.length) {
        await this.#turns.next();
        left = ITEMS_A_TURN;
      }
      left -= piece.items.length;
      const added = add([piece]);
      received += added.stored + added.duplicates;
      counts.received += added.stored + added.duplicates;
      counts.stored += added.stored;
      counts.duplicates += added.duplicates;
      counts.late += added.late;
      counts.tooLate += added.tooLate;
    }
    const rejected = scopes.reduce((sum, scope) => sum + scope.rejected, 0);
    countRefused(counts, "invalid_id", rejected);
    return { received, rejected };
  }

  #countPoints(points: number): Accepted {
    this.#counters.metrics.received += points;
    return { received: points, rejected: 0 };
  }
}

/** The scopes' items in pieces of at most ITEMS_A_TURN. */
function* piecesOf<Item extends RawItem>(scopes: readonly RawScope<Item>[]): Generator<RawScope<Item>> {
  for (const scope of scopes) {
    for (let i = 0; i < scope.items.length; i += ITEMS_A_TURN) {
      const whole = scope.items.length <= ITEMS_A_TURN;
      yield whole ? scope : { ...scope, items: scope.items.slice(i, i + ITEMS_A_TURN) };
    }
  }
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString("utf8"));
  } catch (cause) {
    throw malformed("the body is not JSON", cause);
  }
}
