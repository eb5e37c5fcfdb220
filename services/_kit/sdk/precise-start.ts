/**
 * The SDK starts spans at whole milliseconds (`Date.now()`) and ends them to the microsecond. Siblings that start
 * within one millisecond, as the jobs of a flow do, then have no order. This adds the part that was rounded off.
 */
import type { HrTime } from "@opentelemetry/api";
import type { Span, SpanProcessor } from "@opentelemetry/sdk-trace";

/** How fast the estimate below falls, in ms for each span, so that it follows a wall clock that was set back. */
const FORGET_MS = 1e-4;

/** Two clocks: the wall clock in whole milliseconds, and a monotonic one that is finer but drifts from it. */
export interface Clocks {
  wallMs(): number;
  fineMs(): number;
}

const system: Clocks = { wallMs: () => Date.now(), fineMs: () => performance.timeOrigin + performance.now() };

/** Moves the start of every span forward within its millisecond. The end moves too: the SDK adds it to the start. */
export class PreciseStartProcessor implements SpanProcessor {
  readonly #clocks: Clocks;
  /** How far the wall clock is ahead of the fine one. Rounding down only lowers what is seen, so the maximum counts. */
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
    // The start never leaves the millisecond that the SDK read: where the clocks disagree, the SDK's value stays.
    if (restMs <= 0 || restMs >= 1) return;
    // The SDK's type is read-only for other code. At the start of the span nothing has read it yet.
    (span as { startTime: HrTime }).startTime = [seconds, nanos + Math.floor(restMs * 1e6)];
  }
  onEnd(): void {}
  async forceFlush(): Promise<void> {}
  async shutdown(): Promise<void> {}
}
