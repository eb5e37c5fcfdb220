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
  duplicates = 0;
  /** Spans for a trace that was quiet for a while, and for one that was evicted. */
  late = 0;
  tooLate = 0;
  readonly evictions: Eviction[] = [];

  addTo(counts: Counts): void {
    counts.add("traces", "stored", this.spans);
    counts.add("traces", "duplicates", this.duplicates);
    counts.add("logs", "stored", this.logs);
    counts.set("late", counts.get("late") + this.late);
    counts.set("tooLate", counts.get("tooLate") + this.tooLate);
    for (const { spans, logs } of this.evictions) {
      counts.add("traces", "evicted", spans);
      counts.add("logs", "evicted", logs);
    }
  }
}
