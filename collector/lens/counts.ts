/**
 * What lens counts about itself, in memory that its threads share. Each figure is added to by one thread alone.
 *
 * For each signal, items are spans, log records or metric data points, and received = stored + duplicates + refused,
 * and what is in the store is stored - evicted. A request that cannot be read has no items to count; it stands as one,
 * received and refused.
 */
import type { RefusalCode } from "./otlp/error.ts";
import type { RejectReason } from "./otlp/read/reading.ts";

export const SIGNALS = ["traces", "logs", "metrics"] as const;
export type Signal = (typeof SIGNALS)[number];

export type RefusalReason = RefusalCode | RejectReason;
export const REASONS: readonly RefusalReason[] = [
  "malformed",
  "too_large",
  "unsupported_type",
  "slow",
  "busy",
  "invalid_id",
  "too_complex",
];

/**
 * Why the other backend never got something. `refused`: whole requests; `rejected`: what it left out of requests that
 * it took; `gave_up`: the backend could not be reached for long; `stopped`: lens was.
 */
export const DROPS = ["queue_full", "refused", "rejected", "gave_up", "stopped"] as const;
export type Drop = (typeof DROPS)[number];

/** By signal. Who receives adds to `received` and what was refused, and sends on; who writes adds to the others. */
const BY_SIGNAL = [
  "received",
  "stored",
  "duplicates",
  "evicted",
  ...REASONS,
  "forwarded",
  ...DROPS.map((drop) => `dropped ${drop}` as const),
] as const;
type BySignal = (typeof BY_SIGNAL)[number];

/**
 * Spans for a journey that was quiet for a while, and for one that was evicted; bytes of the store, and of what is to
 * be sent on.
 */
const SINGLE = ["late", "tooLate", "storeBytes", "forwardQueueBytes"] as const;
type Single = (typeof SINGLE)[number];

const CELLS = SIGNALS.length * BY_SIGNAL.length + SINGLE.length;

export class Counts {
  readonly memory: SharedArrayBuffer;
  readonly #cells: Float64Array;

  /** `memory`: that of the counts of another thread. */
  constructor(memory = new SharedArrayBuffer(CELLS * Float64Array.BYTES_PER_ELEMENT)) {
    this.memory = memory;
    this.#cells = new Float64Array(memory);
  }

  of(signal: Signal, what: BySignal): number {
    return this.#cells[placeOf(signal, what)] ?? 0;
  }

  add(signal: Signal, what: BySignal, items: number): void {
    const at = placeOf(signal, what);
    this.#cells[at] = (this.#cells[at] ?? 0) + items;
  }

  /** Counts items as received and refused. */
  refuse(signal: Signal, reason: RefusalReason, items = 1): void {
    this.add(signal, "received", items);
    this.add(signal, reason, items);
  }

  get(what: Single): number {
    return this.#cells[placeOfSingle(what)] ?? 0;
  }

  set(what: Single, to: number): void {
    this.#cells[placeOfSingle(what)] = to;
  }
}

const placeOf = (signal: Signal, what: BySignal): number =>
  SIGNALS.indexOf(signal) * BY_SIGNAL.length + BY_SIGNAL.indexOf(what);

const placeOfSingle = (what: Single): number => SIGNALS.length * BY_SIGNAL.length + SINGLE.indexOf(what);
