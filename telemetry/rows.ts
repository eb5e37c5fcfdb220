/** The registry as the rest takes it: rows of attributes, spans, metrics and events, with upstream's facts in them. */
import type { Stability } from "./form.ts";

/** Namespaces of our own; a name of ours stands in no other. */
export const NAMESPACES = ["baton", "correlation"] as const;

export type Level = "required" | "conditionally_required" | "recommended" | "opt_in";

/** The attributes of something, each with how much it is required. */
export type Levels = ReadonlyMap<string, Level>;

export interface AttributeRow {
  readonly name: string;
  /** `string`, `int[]` and so on; `any` where upstream leaves it open. */
  readonly type: string;
  /** The only values that it may have; undefined for any of its type. */
  readonly values: readonly (string | number | boolean)[] | undefined;
  /** Names of its values, for code. */
  readonly members: Readonly<Record<string, string | number | boolean>>;
  /** What is said of its values, by their names. */
  readonly briefs: Readonly<Record<string, string>>;
  readonly stability: Stability;
  readonly brief: string;
  /** The file of upstream's model that defines it; undefined for one of our own. */
  readonly upstream: string | undefined;
  /** What it is called in code, `ATTR.httpRoute`; undefined where no code of ours names it. */
  readonly code: string | undefined;
  /** The object that has its values in code. */
  readonly codeOfMembers: string | undefined;
}

interface Row {
  /** Of its group. */
  readonly id: string;
  readonly brief: string;
  readonly stability: Stability;
  /** Who emits it: `services` or an npm package. */
  readonly source: string;
  /** The file of upstream's model that it follows; undefined for one of our own. */
  readonly upstream: string | undefined;
  readonly attributes: Levels;
}

export interface SpanRow extends Row {
  readonly kind: string;
  /** What a span's attributes must be for it to be one of these; `*` for any value. */
  readonly match: Readonly<Record<string, string>>;
  /** What it may be called: a text, with attributes' names in braces. */
  readonly names: readonly string[];
  /** The setting that shows it, `NAME=value`; undefined when nothing has to ask for it. */
  readonly setting: string | undefined;
}

export interface MetricRow extends Row {
  readonly name: string;
  readonly instrument: "counter" | "updowncounter" | "gauge" | "histogram";
  readonly unit: string;
  /** Bounds of a histogram's buckets; undefined where upstream says nothing. */
  readonly buckets: readonly number[] | undefined;
  readonly code: string | undefined;
}

export interface EventRow extends Row {
  readonly name: string;
}

export interface Registry {
  /** Of the conventions that the facts are from. */
  readonly version: string;
  readonly attributes: ReadonlyMap<string, AttributeRow>;
  readonly spans: readonly SpanRow[];
  readonly metrics: ReadonlyMap<string, MetricRow>;
  readonly events: ReadonlyMap<string, EventRow>;
  readonly resource: Levels;
  /** What any span, any log record and any link may say beside its own row. */
  readonly any: Readonly<Record<"span" | "log" | "link", Levels>>;
}
