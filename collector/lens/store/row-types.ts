/** Rows of the database, as its statements give them: arrays, in the order of the columns. */

/** A row of the table `trace`: a trace, or what one part holds of it. */
export type TraceRow = readonly [
  key: number,
  seq: number,
  id: Uint8Array,
  root: number,
  rooted: number,
  pieces: number,
  revised: number,
  spans: number,
  logs: number,
  segments: number,
  bytes: number,
  start: number,
  end: number,
  lastMs: number,
];

/** A row of the table `segment`, without its key. */
export type SegmentRow = readonly [block: number, start: number, length: number, spans: number, logs: number];
