/**
 * The shape of each hop: when its span is made, its parent, and its links. `hops.ts` gives each hop one of these
 * shapes, and a test compares the spans with it. Data only, because k6 loads it with the scenarios.
 *
 * - creation context: the span in which a message was made. It stays the same when the message is sent again.
 * - mode: `parent+link`, `parent` or `link`, of the process or of the request.
 */
import type { Hop } from "./scenario.ts";

/** The parent of a span. */
export type Parent =
  /** None; the caller's span where the edge continues a caller's trace. */
  | "caller"
  /** The calling or active span; for a message, its creation context. */
  | "under"
  /** The creation context; none in the mode `link`. */
  | "mode"
  /** The batch's `receive` span. */
  | "receive"
  /** The parent of the first attempt. */
  | "first"
  /** None, in every mode: the span begins a new trace. */
  | "none";

/** What a span links to. */
export type Links =
  | "none"
  /** The parent, or what would be the parent: the creation context; for a batch, that of each message. */
  | "under"
  /** The creation context; nothing in the mode `parent`. */
  | "mode"
  /** The creation context of each job of the flow. */
  | "jobs"
  /** The links of the first attempt, and the previous attempt. */
  | "first and previous"
  /** The span where the work began, and the last attempt if there was one. */
  | "under and previous";

export interface ShapeOf {
  /** When such a span is made. */
  readonly moment: string;
  /** Its name and its kind, for people. */
  readonly span: string;
  readonly parent: Parent;
  readonly links: Links;
}

export const SHAPES = {
  edge: {
    moment: "a request reaches the public edge",
    span: "<method> <route>, SERVER",
    parent: "caller",
    links: "none",
  },
  stream: {
    moment: "a live status is opened; the span ends when the headers go out",
    span: "<method> <route>, SERVER",
    parent: "caller",
    links: "none",
  },
  call: { moment: "a call", span: "<method>, CLIENT and SERVER", parent: "under", links: "none" },
  work: { moment: "a use case with a name", span: "<use case>, INTERNAL", parent: "under", links: "none" },
  append: {
    moment: "an event is appended to the outbox",
    span: "create X, PRODUCER: the creation context",
    parent: "under",
    links: "none",
  },
  send: { moment: "the relay sends it", span: "send X, CLIENT", parent: "under", links: "under" },
  process: {
    moment: "a consumer or a worker handles it",
    span: "process X, CONSUMER",
    parent: "mode",
    links: "mode",
  },
  attempt: {
    moment: "attempts 2 to n",
    span: "process X, CONSUMER, beside the first",
    parent: "first",
    links: "first and previous",
  },
  receive: { moment: "a batch is received", span: "receive X, CLIENT", parent: "none", links: "under" },
  "process in batch": {
    moment: "a message of a batch is handled",
    span: "process X, CONSUMER",
    parent: "receive",
    links: "under",
  },
  add: {
    moment: "a job is added, alone or in a flow",
    span: "send X or create X, PRODUCER: the creation context",
    parent: "under",
    links: "none",
  },
  flow: { moment: "a flow is sent", span: "send X, CLIENT", parent: "under", links: "jobs" },
  restart: {
    moment: "a redrive, a resumed saga, anything older than 60 s (but a batch)",
    span: "process X, CONSUMER, or resume X, INTERNAL",
    parent: "none",
    links: "under and previous",
  },
} as const satisfies Record<string, ShapeOf>;

/** The name of a row of `SHAPES`. */
export type Shape = keyof typeof SHAPES;

/** Names a hop: `service|span name|KIND`. */
export type HopId = `${string}|${string}|${string}`;

/** The id of a hop, or of a span. */
export const hopId = ({ service, name, kind }: Named): HopId => `${service}|${name}|${kind}`;

interface Named {
  readonly service: string;
  readonly name: string;
  readonly kind: string;
}

/** A hop with everything that tests check of it. */
export interface HopRow extends Hop {
  /** The shape of its span. Attempts after the first, and redrives, are further spans of a `process` row. */
  readonly shape: Shape;
  /**
   * Its parent, or what would be its parent if it did not begin a trace: one of these in each journey. For a message,
   * its creation context; for a resumed saga, the call that began the saga. Empty at the edge.
   */
  readonly under: readonly HopId[];
  /** The batch's `receive` span, for "process in batch". */
  readonly receive?: HopId;
  /** The creation contexts of a flow's jobs. */
  readonly jobs?: readonly HopId[];
  /** Attributes that must be there. */
  readonly attributes: readonly string[];
}
