/** What the writers share: the parts, the traces that were written last, and the time. */
import type { Hasher } from "../../otlp/hasher.ts";
import type { Evicted } from "./evict/evicted.ts";
import type { Parts } from "./parts/parts.ts";
import type { Statements } from "./statements.ts";
import { Tally } from "./tally.ts";
import { RecentTraces, type Trace } from "./trace.ts";

/** Traces, and ids of spans, in each of two generations: some 10 MB in all. */
const RECENT_TRACES = 8_192;
const RECENT_IDS = 131_072;

/** Edges: services whose SERVER spans are the public edge, where journeys begin. */
export interface Writing {
  readonly sql: Statements;
  readonly hasher: Hasher;
  readonly parts: Parts;
  readonly edges: ReadonlySet<string>;
  readonly recent: RecentTraces;
  readonly evicted: Evicted;
  /** Traces of which something has changed since they were saved. */
  readonly dirty: Trace[];
  /** Of the transaction that is under way, and when it began: Unix milliseconds. */
  tally: Tally;
  nowMs: number;
}

export const newWriting = (
  about: Pick<Writing, "sql" | "hasher" | "parts" | "edges" | "evicted">,
): Writing => ({
  ...about,
  recent: new RecentTraces(RECENT_TRACES, RECENT_IDS),
  dirty: [],
  tally: new Tally(),
  nowMs: 0,
});

export function markDirty(writing: Writing, trace: Trace): void {
  if (trace.isDirty) return;
  trace.isDirty = true;
  writing.dirty.push(trace);
}

/** Writes the rows of all traces that have changed. */
export function saveTraces(writing: Writing): void {
  for (const trace of writing.dirty) {
    const { key, seq, id, root, rooted, pieces, revised, spans, logs, segments, bytes, lastMs } = trace;
    const [start, end] = trace.spans > 0 ? [trace.start, trace.end] : [0, 0];
    writing.sql.trace.run(
      ...[key, seq, id, root.id, rooted, pieces, Number(revised)],
      ...[spans, logs, segments, bytes, start, end, lastMs],
    );
    trace.isDirty = false;
  }
  writing.dirty.length = 0;
}
