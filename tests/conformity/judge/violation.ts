/** What a judge finds. */
import type { Attributes, Origin } from "./emitted.ts";

export type Rule =
  | "unknown span"
  | "unknown metric"
  | "unknown event"
  | "unknown attribute"
  | "missing attribute"
  | "attribute too many"
  | "wrong type"
  | "wrong value"
  | "wrong kind"
  | "wrong name"
  | "wrong status"
  | "wrong instrument"
  | "wrong unit"
  | "wrong buckets"
  | "wrong description"
  | "wrong severity"
  | "wrong body"
  | "wrong scope";

export interface Violation {
  readonly signal: "span" | "metric" | "log" | "resource" | "scope";
  readonly rule: Rule;
  /** The library's or our own scope, and its version. */
  readonly scope: string;
  readonly version: string;
  /** What it is about: the row of the registry, or the name where there is no row. */
  readonly subject: string;
  /** The attribute that is wrong; empty when it is none. */
  readonly attribute: string;
  /** What was found, and what should be. */
  readonly says: string;
}

/** A violation without what is the same for all of one item. */
export type Finding = Pick<Violation, "rule" | "says"> & { readonly attribute?: string };

/** Something that has attributes, as the rules on them look at it. */
export interface Item {
  /** Of its row. */
  readonly id: string;
  readonly attributes: Attributes;
  /** Of a span. */
  readonly status?: string;
}

/** The value of an attribute; undefined when it is not there. */
export const valueIn = ({ attributes }: Item, name: string): unknown => attributes.get(name)?.value;

/** What was found on one item, in full. */
export const violationsOf = (
  signal: Violation["signal"],
  { scope }: Origin,
  subject: string,
  found: readonly Finding[],
): Violation[] =>
  found.map(({ rule, says, attribute = "" }) => ({
    signal,
    rule,
    scope: scope.name,
    version: scope.version,
    subject,
    attribute,
    says,
  }));
