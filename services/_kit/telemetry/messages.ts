/** The metrics of sending and receiving, as the conventions have them: attempts are counted, not only successes. */
import type { Attributes } from "@opentelemetry/api";
import { ATTR, METRIC } from "./conventions.ts";
import { counter, seconds } from "./metrics.ts";
import { errorType } from "./span.ts";

const tookSince = (startedMs: number): number => (performance.now() - startedMs) / 1e3;

/** Runs `send`, which sends `messages` messages. Counts and times it; a failure has its `error.type` in both. */
export async function countSent(
  labels: Attributes,
  messages: number,
  send: () => Promise<void>,
): Promise<void> {
  const startedMs = performance.now();
  const record = (outcome: Attributes): void => {
    counter(METRIC.sentMessages).add(messages, { ...labels, ...outcome });
    const timed = { ...labels, [ATTR.operationType]: "send", ...outcome };
    seconds(METRIC.operationDuration).record(tookSince(startedMs), timed);
  };
  try {
    await send();
  } catch (thrown) {
    record({ [ATTR.errorType]: errorType(thrown) });
    throw thrown;
  }
  record({});
}

/** Counts the messages of a batch, which took so long to come together. */
export function countReceived(labels: Attributes, messages: number, tookMs: number): void {
  counter(METRIC.consumedMessages).add(messages, labels);
  const timed = { ...labels, [ATTR.operationType]: "receive" };
  seconds(METRIC.operationDuration).record(tookMs / 1e3, timed);
}
