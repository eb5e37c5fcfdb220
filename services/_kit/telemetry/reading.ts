/**
 * Gauges that are read when metrics are collected. Several are read together: an outbox's rows and their age take one
 * query, a durable's figures one request.
 */
import type { Attributes, Observable } from "@opentelemetry/api";
import { type MetricOf, optionsOf, meter as ourMeter } from "./metrics.ts";

/** One value. A name that was not declared is ignored. */
export interface Reading<N extends string> {
  readonly name: N;
  readonly value: number;
  readonly attributes?: Attributes;
}

export interface ReadingOptions<N extends string> {
  readonly gauges: readonly N[];
  /** Called when metrics are collected. When it fails or takes too long, the collection goes without these values. */
  readonly read: () => Promise<readonly Reading<N>[]>;
  /** The timeout of `read`. */
  readonly withinMs?: number;
}

/** Well below the 5 s between collections, so that a broker that is away delays no other metric by much. */
const WITHIN_MS = 1_000;

/** Registers the gauges. Returns a function that removes them. Never throws, whatever `read` does. */
export function readGauges<N extends MetricOf<"gauge">>({
  gauges: names,
  read,
  withinMs = WITHIN_MS,
}: ReadingOptions<N>): () => void {
  const meter = ourMeter();
  const gauges = new Map<string, Observable>();
  for (const name of names) gauges.set(name, meter.createObservableGauge(name, optionsOf(name)));
  // A read that hangs is not started again at the next collection.
  let underWay: Promise<readonly Reading<N>[]> | undefined;
  const look = (): Promise<readonly Reading<N>[]> => {
    underWay ??= started(read).finally(() => {
      underWay = undefined;
    });
    return underWay;
  };
  const observe = async (result: {
    observe(gauge: Observable, value: number, attributes?: Attributes): void;
  }) => {
    for (const { name, value, attributes } of await within(look(), withinMs)) {
      const gauge = gauges.get(name);
      if (gauge) result.observe(gauge, value, attributes);
    }
  };
  const all = [...gauges.values()];
  meter.addBatchObservableCallback(observe, all);
  return () => meter.removeBatchObservableCallback(observe, all);
}

/** Makes a synchronous throw a rejection. */
const started = async <T>(work: () => Promise<T>): Promise<T> => work();

/** The answer; empty when it fails or is late. */
async function within<T>(answer: Promise<readonly T[]>, ms: number): Promise<readonly T[]> {
  const { promise: late, resolve } = Promise.withResolvers<readonly T[]>();
  const timer = setTimeout(resolve, ms, []);
  try {
    return await Promise.race([answer, late]);
  } catch {
    return [];
  } finally {
    clearTimeout(timer);
  }
}
