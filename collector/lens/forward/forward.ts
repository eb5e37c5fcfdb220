/**
 * Sends on all that lens accepts to another backend, by OTLP/HTTP. What the backend does not take in time waits in a
 * bounded queue; what does not fit there, or is refused, is dropped and counted. lens itself is never held up.
 *
 * Source: https://opentelemetry.io/docs/specs/otlp/#otlphttp-throttling
 */
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import type { Logger } from "pino";
import type { Counts, Drop } from "../counts.ts";
import type { Taken } from "../receive/intake.ts";
import { ForwardQueue, type Parcel } from "./queue.ts";
import { isRetryable, waitMs } from "./retry.ts";

const pack = promisify(gzip);

export interface ForwardOptions {
  /** The backend's OTLP/HTTP address, to which `/v1/traces` and so on is appended. */
  readonly url: string;
  /** Sent with each request. Their values are secrets: they are never logged. */
  readonly headers: Readonly<Record<string, string>>;
  readonly queueBytes: number;
  readonly counts: Counts;
  readonly log: Logger;
  /** How long a request is tried for before it is dropped. */
  readonly giveUpMs?: number;
}

const TIMEOUT_MS = 10_000;
const GIVE_UP_MS = 5 * 60_000;

type Outcome = "sent" | "refused" | { readonly retryAfter: string | null; readonly why: string };

export class Forwarder {
  readonly #options: ForwardOptions;
  readonly #queue: ForwardQueue;
  readonly #stop = new AbortController();
  #running: Promise<void> | undefined;
  #isBehind = false;
  #isFailing = false;

  constructor(options: ForwardOptions) {
    this.#options = options;
    this.#queue = new ForwardQueue(options.queueBytes);
  }

  /** Takes a request to be sent on, or drops it when too much waits. */
  offer(taken: Taken): void {
    const hasRoom = this.#queue.offer(taken);
    this.#countWaiting();
    if (!hasRoom) {
      if (!this.#isBehind)
        this.#options.log.warn("forwarding is behind: what does not fit the queue is dropped");
      this.#isBehind = true;
      this.#drop(taken, "queue_full");
      return;
    }
    this.#isBehind = false;
    this.#running ??= this.#run();
  }

  /** Sends what waits for `graceMs` more, and drops the rest. */
  async stop(graceMs: number): Promise<void> {
    const cut = setTimeout(() => this.#stop.abort(), graceMs);
    await this.#running;
    clearTimeout(cut);
  }

  async #run(): Promise<void> {
    for (let parcel = this.#queue.take(); parcel; parcel = this.#queue.take()) {
      this.#countWaiting();
      if (this.#stop.signal.aborted) this.#drop(parcel, "stopped");
      else await this.#deliver(parcel);
    }
    this.#running = undefined;
  }

  async #deliver(parcel: Parcel): Promise<void> {
    const { counts, log, giveUpMs = GIVE_UP_MS } = this.#options;
    const startedAt = performance.now();
    const body = await pack(parcel.body);
    for (let attempt = 1; ; attempt++) {
      const outcome = await this.#send(parcel, body);
      if (outcome === "sent") {
        counts.add(parcel.signal, "forwarded", parcel.items);
        if (this.#isFailing) log.info("forwarding works again");
        this.#isFailing = false;
        return;
      }
      if (outcome === "refused") return this.#drop(parcel, "refused");
      if (!this.#isFailing) log.warn({ why: outcome.why }, "forwarding fails; it is tried again");
      this.#isFailing = true;
      const wait = waitMs(attempt, outcome.retryAfter, Date.now(), Math.random());
      if (performance.now() - startedAt + wait > giveUpMs) return this.#drop(parcel, "gave_up");
      await delay(wait, undefined, { signal: this.#stop.signal }).catch(() => {});
      if (this.#stop.signal.aborted) return this.#drop(parcel, "stopped");
    }
  }

  async #send({ signal, encoding }: Parcel, body: Buffer): Promise<Outcome> {
    const { url, headers, log } = this.#options;
    try {
      const response = await fetch(`${url.replace(/\/$/, "")}/v1/${signal}`, {
        method: "POST",
        headers: {
          ...headers,
          "content-type": encoding === "json" ? "application/json" : "application/x-protobuf",
          "content-encoding": "gzip",
        },
        body: new Uint8Array(body),
        // A redirect would take the headers, and so the secrets, to wherever it points.
        redirect: "manual",
        signal: AbortSignal.any([this.#stop.signal, AbortSignal.timeout(TIMEOUT_MS)]),
      });
      await response.body?.cancel();
      if (response.ok) return "sent";
      const why = `the backend answered ${response.status}`;
      if (isRetryable(response.status)) return { retryAfter: response.headers.get("retry-after"), why };
      log.warn({ why }, "forwarding was refused; the request is dropped");
      return "refused";
    } catch (error) {
      const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
      return { retryAfter: null, why: cause instanceof Error ? cause.message : String(cause) };
    }
  }

  #countWaiting(): void {
    this.#options.counts.set("forwardQueueBytes", this.#queue.bytes);
  }

  #drop({ signal, items }: Pick<Parcel, "signal" | "items">, why: Drop): void {
    this.#options.counts.add(signal, `dropped ${why}`, items);
  }
}
