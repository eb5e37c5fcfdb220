/**
 * The instruments, each made once, with what the registry says of them. Durations are in seconds, as the conventions
 * want.
 */
import { type Counter, type Histogram, metrics } from "@opentelemetry/api";
import { SCOPE } from "./conventions.ts";
import { INSTRUMENTS, type Instrument } from "./instruments.ts";

type Instruments = typeof INSTRUMENTS;
/** Names of the metrics that are measured with `I`. */
export type MetricOf<I extends Instrument["instrument"]> = {
  [N in keyof Instruments]: Instruments[N]["instrument"] extends I ? N : never;
}[keyof Instruments];

const histograms = new Map<string, Histogram>();
const counters = new Map<string, Counter>();

/** The meter of the services' own metrics. */
export const meter = () => metrics.getMeter(SCOPE.name, SCOPE.version, { schemaUrl: SCOPE.schemaUrl });

/** What the registry says of a metric, for the SDK. */
export function optionsOf(name: keyof Instruments) {
  const { unit, description, buckets }: Instrument = INSTRUMENTS[name];
  return { unit, description, ...(buckets && { advice: { explicitBucketBoundaries: [...buckets] } }) };
}

/** The histogram named `name`; all of ours are of seconds. */
export function seconds(name: MetricOf<"histogram">): Histogram {
  let made = histograms.get(name);
  if (!made) {
    made = meter().createHistogram(name, optionsOf(name));
    histograms.set(name, made);
  }
  return made;
}

/** The counter named `name`. */
export function counter(name: MetricOf<"counter">): Counter {
  let made = counters.get(name);
  if (!made) {
    made = meter().createCounter(name, optionsOf(name));
    counters.set(name, made);
  }
  return made;
}
