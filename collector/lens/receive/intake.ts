/**
 * Takes the requests that the receivers have unpacked: reads all of it, hands all of it over to be stored, and counts.
 * The receivers differ in how bytes arrive and how a refusal is said; what is in them is decided here.
 */
import type { Counts, Signal } from "../counts.ts";
import { OtlpError } from "../otlp/error.ts";
import { readJson } from "../otlp/json/in.ts";
import { MESSAGE_OF } from "../otlp/paths.ts";
import type { IndexKeys } from "../otlp/read/index-keys.ts";
import { logReader } from "../otlp/read/logs.ts";
import { metricReader } from "../otlp/read/metrics.ts";
import { REJECT_REASONS, type RejectReason } from "../otlp/read/reading.ts";
import { readRequest } from "../otlp/read/request.ts";
import { spanReader } from "../otlp/read/spans.ts";
import { inPieces } from "../pieces.ts";
import { type Batch, batchOf } from "../store/write/batch.ts";
import type { Hold } from "./body.ts";

/** What became of a request: what was left out of it is what OTLP calls a partial success. */
export interface Accepted {
  readonly received: number;
  readonly rejected: Readonly<Record<RejectReason, number>>;
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
  readonly counts: Counts;
  readonly keys: IndexKeys;
  /** Where what was read goes; resolves when it may be answered. What it is given is not used afterwards. */
  readonly store: (batch: Batch) => Promise<void>;
  /** Told of every request that was taken. */
  readonly onTaken?: (taken: Taken) => void;
}

const READERS = { traces: spanReader, logs: logReader, metrics: metricReader };

export class Intake {
  readonly #options: IntakeOptions;

  constructor(options: IntakeOptions) {
    this.#options = options;
  }

  /** `body`: a protobuf export request of the signal. Rejects with an OtlpError, with nothing stored. */
  async protobuf(signal: Signal, body: Buffer, _hold: Hold = () => {}): Promise<Accepted> {
    return this.#take(signal, "protobuf", body, body);
  }

  /**
   * `body`: an OTLP/JSON export request of the signal. `hold`: counts what it takes beside the body. Rejects with an
   * OtlpError, with nothing stored.
   */
  async json(signal: Signal, body: Buffer, hold: Hold = () => {}): Promise<Accepted> {
    // In protobuf it is shorter.
    hold(body.length);
    return this.#take(signal, "json", body, await inPieces(readJson(MESSAGE_OF[signal], body)));
  }

  /** Runs all that a receiver does with one request, and counts the request as refused when it throws. */
  async counted(signal: Signal, take: () => Promise<Accepted>): Promise<Accepted> {
    try {
      return await take();
    } catch (error) {
      if (error instanceof OtlpError) this.#options.counts.refuse(signal, error.code);
      throw error;
    }
  }

  /** `came`: the body as it came; `body`: the same in protobuf. */
  async #take(signal: Signal, encoding: Taken["encoding"], came: Buffer, body: Buffer): Promise<Accepted> {
    const { counts, keys, store, onTaken } = this.#options;
    const reading = await inPieces(readRequest(body, keys, READERS[signal]));
    const { count, rejected } = reading;
    // Handed over, a body is not here any more.
    const taken = onTaken && { signal, encoding, body: Buffer.from(came), items: count };
    if (count > 0) await store(batchOf(signal, body, reading));
    counts.add(signal, "received", count);
    for (const reason of REJECT_REASONS) counts.refuse(signal, reason, rejected[reason]);
    if (taken) onTaken?.(taken);
    return { received: count, rejected };
  }
}
