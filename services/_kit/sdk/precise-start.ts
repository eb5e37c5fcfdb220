/**
 * The SDK starts spans at whole milliseconds (`Date.now()`) and ends them to the microsecond. Siblings that start
 * within one millisecond, as the messages of a flow do, then have no order. This adds what the rounding took away.
 */
import type { HrTime } from "@opentelemetry/api";
import type { Span, SpanProcessor } from "@opentelemetry/sdk-trace";

/** How fast the estimate below forgets, in ms an observation: a clock that was set back is followed in a while. */
const FORGET_MS = 1e-4;

/** Two clocks: the wall's whole milliseconds, and a monotonic one that is finer but drifts from it. */
export interface Clocks {
  wallMs(): number;
  fineMs(): number;
}

const system: Clocks = { wallMs: () => Date.now(), fineMs: () => performance.timeOrigin + performance.now() };

/** Moves the start of every span forward within its millisecond. The end follows: the SDK counts it from the start. */
export class PreciseStartProcessor implements SpanProcessor {
  readonly #clocks: Clocks;
  /** How far the wall is ahead of the fine clock: rounding down only ever makes it seem less, so the most seen is it. */
  #aheadMs = Number.NEGATIVE_INFINITY;

  constructor(clocks: Clocks = system) {
    this.#clocks = clocks;
  }

  onStart(span: Span): void {
    const [seconds, nanos] = span.startTime;
    if (nanos % 1e6 !== 0) return;
    const fineMs = this.#clocks.fineMs();
    this.#aheadMs = Math.max(this.#aheadMs - FORGET_MS, this.#clocks.wallMs() - fineMs);
    const restMs = fineMs + this.#aheadMs - (seconds * 1e3 + nanos / 1e6);
    // Never beyond the millisecond that the SDK read: where the clocks disagree, its word stands.
    if (restMs <= 0 || restMs >= 1) return;
    // The SDK's type is read-only for everybody else's sake; at the start nobody has read it yet.
    (span as { startTime: HrTime }).startTime = [seconds, nanos + Math.floor(restMs * 1e6)];
  }
  onEnd(): void {}
  async forceFlush(): Promise<void> {}
  async shutdown(): Promise<void> {}
}
