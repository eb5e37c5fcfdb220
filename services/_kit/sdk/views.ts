/** Views: what the SDK lets change of metrics that a library measures. */
import { AggregationType, type ViewOptions } from "@opentelemetry/sdk-metrics";

/** Sizes that add up over the heap's spaces. The library measures them with gauges, the conventions with sums. */
const HEAP = [
  "v8js.memory.heap.used",
  "v8js.memory.heap.space.available_size",
  "v8js.memory.heap.space.physical_size",
];

/** Makes a sum that rises and falls of each of these gauges, as an up-down counter does. */
export const VIEWS: ViewOptions[] = HEAP.map((instrumentName) => ({
  instrumentName,
  aggregation: { type: AggregationType.SUM },
}));
