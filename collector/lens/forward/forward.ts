/**
 * Sends on all that lens accepts to another backend, by OTLP/HTTP or OTLP/gRPC. What the backend does not take in time
 * waits in a bounded queue; what does not fit there, or is refused, is dropped, counted and said. lens itself is never
 * held up.
 *
 * Source: https://opentelemetry.io/docs/specs/otlp/#otlphttp-throttling
 */
import { setTimeout as delay } from "node:timers/promises";
import type { Logger } from "pino";
import type { Counts, Drop } from "../counts.ts";
import type { Taken } from "../receive/intake.ts";
import type { Backend, Outcome, Targets } from "./backend.ts";
import { GrpcBackend } from "./grpc.ts";
import { HttpBackend } from "./http.ts";
import { ForwardQueue, type Parcel } from "./queue.ts";
import { waitMs } from "./retry.ts";

export interface ForwardOptions {
  /** Where each signal goes; what has no target is not sent on. */
  readonly targets: Targets;
  readonly queueBytes: number;
  readonly counts: Counts;
  readonly log: Logger;
  /** How long a request is tried for before it is dropped. */
  readonly giveUpMs?: number;
  /** May name a proxy. */
  readonly env?: NodeJS.ProcessEnv;
}

const GIVE_UP_MS = 5 * 60_000;
/** A backend that refuses all is not worth a line each time: the counters have the rest. */
const SAY_EVERY_MS = 10_000;

export class Forwarder {
  readonly #options: ForwardOptions;
  readonly #queue: ForwardQueue;
  readonly #stop = new AbortController();
  #running: Promise<void> | undefined;
  /** By target: signals of the same address, protocol and certificates share a connection. */
  readonly #backends = new Map<string, Backend>();
  readonly #saidAtMs = new Map<string, number>();
  #isBehind = false;
  #isFailing = false;

  constructor(options: ForwardOptions) {
    this.#options = options;
    this.#queue = new ForwardQueue(options.queueBytes);
  }

  /** Takes a request to be sent on, or drops it when too much waits. */
  offer(taken: Taken): void {
    if (!this.#options.targets[taken.signal]) return;
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
    for (const backend of this.#backends.values()) backend.close();
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
    const { log, giveUpMs = GIVE_UP_MS } = this.#options;
    const startedAt = performance.now();
    for (let attempt = 1; ; attempt++) {
      const outcome = await this.#send(parcel);
      if (outcome.kind === "taken") return this.#taken(parcel, outcome);
      if (outcome.kind === "refused") {
        this.#say(
          "refused",
          { why: outcome.why, items: parcel.items },
          "forwarding was refused: a request is dropped",
        );
        return this.#drop(parcel, "refused");
      }
      if (!this.#isFailing) log.warn({ why: outcome.why }, "forwarding fails; it is tried again");
      this.#isFailing = true;
      const wait = waitMs(attempt, outcome.retryAfterMs, Math.random());
      if (performance.now() - startedAt + wait > giveUpMs) {
        this.#say(
          "gave_up",
          { why: outcome.why, items: parcel.items },
          "forwarding failed for too long: a request is dropped",
        );
        return this.#drop(parcel, "gave_up");
      }
      await delay(wait, undefined, { signal: this.#stop.signal }).catch(() => {});
      if (this.#stop.signal.aborted) return this.#drop(parcel, "stopped");
    }
  }

  #taken(parcel: Parcel, { rejected, why }: Extract<Outcome, { kind: "taken" }>): void {
    const { counts, log } = this.#options;
    const left = Math.min(rejected, parcel.items);
    counts.add(parcel.signal, "forwarded", parcel.items - left);
    if (left > 0) {
      this.#drop({ signal: parcel.signal, items: left }, "rejected");
      this.#say("rejected", { why, items: left }, "the backend took a request and left out a part of it");
    } else if (why) this.#say("warned", { why }, "the backend took a request and warns");
    if (this.#isFailing) log.info("forwarding works again");
    this.#isFailing = false;
  }

  async #send(parcel: Parcel): Promise<Outcome> {
    const target = this.#options.targets[parcel.signal];
    if (!target) return { kind: "refused", why: "there is no target" };
    const key = JSON.stringify([new URL(target.url).origin, target.protocol, target.tls]);
    const backend =
      this.#backends.get(key) ??
      (target.protocol === "grpc"
        ? new GrpcBackend(target)
        : new HttpBackend(target, this.#options.env ?? {}));
    this.#backends.set(key, backend);
    const signal = AbortSignal.any([this.#stop.signal, AbortSignal.timeout(target.timeoutMs)]);
    return backend.send(parcel, target, signal);
  }

  /** One line of a kind in `SAY_EVERY_MS`. */
  #say(kind: string, facts: object, line: string): void {
    const nowMs = performance.now();
    const said = this.#saidAtMs.get(kind);
    if (said !== undefined && nowMs - said < SAY_EVERY_MS) return;
    this.#saidAtMs.set(kind, nowMs);
    this.#options.log.warn(facts, line);
  }

  #countWaiting(): void {
    this.#options.counts.set("forwardQueueBytes", this.#queue.bytes);
  }

  #drop({ signal, items }: Pick<Parcel, "signal" | "items">, why: Drop): void {
    this.#options.counts.add(signal, `dropped ${why}`, items);
  }
}
