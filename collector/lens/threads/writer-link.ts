/**
 * The thread that writes, as the one that receives knows it: requests go there, and answers wait when too much is on
 * its way.
 */
import { mkdirSync } from "node:fs";
import type { MessagePort } from "node:worker_threads";
import type { Logger } from "pino";
import { OtlpError } from "../otlp/error.ts";
import { type Batch, transferOf } from "../store/write/batch.ts";
import { Answered } from "./answered.ts";
import type { FromWriter, ToWriter, WriteSettings } from "./messages.ts";
import { Thread } from "./thread.ts";

/** Bytes of requests that may be answered and not safe yet. */
const MOST_BYTES = 4 * 1024 * 1024;

export class WriterLink {
  readonly #thread: Thread<ToWriter, FromWriter>;
  readonly #log: Logger;
  readonly #dir: string;
  readonly #ready = Promise.withResolvers<{ seed: Uint8Array; total: number }>();
  readonly #closed = Promise.withResolvers<void>();
  #seed: Uint8Array = new Uint8Array();
  #answered: Answered | null = null;
  #bytes = 0;
  #failure: string | null = null;
  /** Requests that wait until less is on its way. */
  #waiting: (() => void)[] = [];

  private constructor(settings: WriteSettings, log: Logger) {
    this.#log = log;
    this.#dir = settings.dir;
    const entry = new URL("./write.ts", import.meta.url);
    const about = { name: "lens writer", entry, data: settings, log };
    this.#thread = new Thread(about, [settings.questions as MessagePort], (message) => this.#hear(message));
  }

  /** Starts the thread. Rejects when the store cannot be opened. */
  static async start(settings: WriteSettings, log: Logger): Promise<WriterLink> {
    mkdirSync(settings.dir, { recursive: true, mode: 0o700 });
    const link = new WriterLink(settings, log);
    const { seed, total } = await Promise.race([link.#ready.promise, link.failed]);
    link.#seed = seed;
    link.#countLost(total);
    return link;
  }

  /** Of the hashes in the store's index. */
  get seed(): Uint8Array {
    return this.#seed;
  }

  /** Rejects when the thread ends by itself. */
  get failed(): Promise<never> {
    return this.#thread.failed;
  }

  /**
   * Hands a request over; what it holds is not to be used any more. Resolves when it may be answered. Rejects with an
   * OtlpError `busy` when nothing can be written: then it was not handed over.
   */
  async take(batch: Batch): Promise<void> {
    while (this.#bytes > MOST_BYTES && this.#failure === null)
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    if (this.#failure !== null) throw new OtlpError("busy", "lens cannot store anything at the moment");
    const { count } = batch;
    this.#bytes += batch.body.length;
    const total = (this.#answered?.total ?? 0) + count;
    this.#thread.tell({ batch, total }, transferOf(batch));
    if (this.#answered) this.#answered.total = total;
  }

  /** Saves everything and ends the thread. */
  async close(): Promise<void> {
    this.#thread.tell({ close: true });
    await Promise.race([this.#closed.promise, this.failed.catch(() => {})]);
    await this.#thread.end();
    this.#answered?.close();
  }

  /** What an earlier lens had answered and not yet stored when it died. */
  #countLost(stored: number): void {
    this.#answered = new Answered(this.#dir);
    const lost = this.#answered.total - stored;
    if (lost > 0)
      this.#log.warn(
        { items: lost },
        "lens was killed: what was answered in its last moments is missing, spans, log records or data points",
      );
    this.#answered.total = stored;
  }

  #hear(message: Exclude<FromWriter, { log: unknown }>): void {
    if ("ready" in message) this.#ready.resolve(message.ready);
    else if ("closed" in message) this.#closed.resolve();
    else if ("saved" in message) this.#bytes -= message.saved;
    else this.#setFailure(message.failure);
    if (this.#bytes <= MOST_BYTES || this.#failure !== null) for (const go of this.#waiting.splice(0)) go();
  }

  #setFailure(failure: string | null): void {
    this.#failure = failure;
    if (failure === null) this.#log.info("what was taken can be stored again");
    else
      this.#log.error(
        { why: failure },
        "nothing can be stored: what comes is refused until it can, queries go on",
      );
  }
}
