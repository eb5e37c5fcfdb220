/** What one transaction did, to be counted once it is through. */
import type { Counts } from "../../counts.ts";

/** What went of the traces that began at `service`. */
export interface Eviction {
  readonly service: string;
  readonly traces: number;
  readonly spans: number;
  readonly logs: number;
}

export class Tally {
  /** Items that were written, and those that were there already. */
  spans = 0;
  logs = 0;
  points = 0;
  repeatedSpans = 0;
  repeatedPoints = 0;
  evictedPoints = 0;
  /** Spans for a trace that was quiet for a while, and for one that was evicted. */
  late = 0;
  tooLate = 0;
  readonly evictions: Eviction[] = [];

  addTo(counts: Counts): void {
    counts.add("traces", "stored", this.spans);
    counts.add("traces", "duplicates", this.repeatedSpans);
    counts.add("logs", "stored", this.logs);
    counts.add("metrics", "stored", this.points);
    counts.add("metrics", "duplicates", this.repeatedPoints);
    counts.add("metrics", "evicted", this.evictedPoints);
    counts.set("late", counts.get("late") + this.late);
    counts.set("tooLate", counts.get("tooLate") + this.tooLate);
    for (const { spans, logs } of this.evictions) {
      counts.add("traces", "evicted", spans);
      counts.add("logs", "evicted", logs);
    }
  }
}
