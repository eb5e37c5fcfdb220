/**
 * What a library emits against the conventions, and why no hook of it mends that. A closed list: what is not in it is a
 * violation, and a line that excuses nothing any more, or is about another version than is installed, is one, too.
 */

export interface LibraryFault {
  /** The npm package, which is also the scope of what it emits. */
  readonly library: string;
  readonly version: string;
  /** The judge's rule. */
  readonly rule: string;
  /** The row of the registry; any, when it is left out. */
  readonly subject?: string;
  readonly attribute?: string;
  readonly wrong: string;
  readonly why: string;
}

export const LIBRARY_FAULTS: readonly LibraryFault[] = [
  {
    library: "@opentelemetry/instrumentation-pg",
    version: "0.77.0",
    rule: "wrong unit",
    subject: "metric.baton.db.client.connection.pending_requests",
    wrong: "`db.client.connection.pending_requests` has the unit `{connection}`; it counts `{request}`",
    why: "the instrument is made inside, and a view of the SDK changes name, buckets and attributes, but no unit",
  },
];
