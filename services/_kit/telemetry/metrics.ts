/** The instruments, each made once. Durations are in seconds, as the conventions want. */
import { type Counter, type Histogram, metrics } from "@opentelemetry/api";

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
const histograms = new Map<string, Histogram>();
const counters = new Map<string, Counter>();
const meter = () => metrics.getMeter("baton");

/** A histogram of seconds named `name`, with explicit boundaries from 1 ms to 60 s. */
export function seconds(name: string): Histogram {
  let made = histograms.get(name);
  if (!made) {
    made = meter().createHistogram(name, { unit: "s", advice: { explicitBucketBoundaries: SECONDS } });
    histograms.set(name, made);
  }
  return made;
}

/** A counter named `name`. */
export function counter(name: string): Counter {
  let made = counters.get(name);
  if (!made) {
    made = meter().createCounter(name);
    counters.set(name, made);
  }
  return made;
}
