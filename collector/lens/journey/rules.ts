/**
 * What an application may tell of itself. Told nothing, lens reads any application's telemetry by the conventions
 * alone.
 */
import { LINK } from "../../../services/_kit/telemetry/conventions.ts";
import type { SpanLink } from "./model.ts";
import { textOf } from "./read.ts";

/** Who consumes what: consumer groups by the destination's name (its template). */
export type Consumers = ReadonlyMap<string, readonly string[]>;

export interface Rules {
  /**
   * Services whose SERVER spans are the public edge, where journeys begin. Where some are named, what comes from
   * outside comes in there alone; where none is, any span may whose flags say that its parent is in another process.
   */
  readonly edges: ReadonlySet<string>;
  /** The attribute of a link that says why it is there, with values of `LINK`; empty where links give no reason. */
  readonly linkReason: string;
  /** Attributes whose values name what a journey is about, as an order's id. */
  readonly ids: readonly string[];
  /** Who must be done with a message before a journey is settled. Where nobody is named, one consumer is enough. */
  readonly consumers: Consumers;
}

export const GENERIC: Rules = { edges: new Set(), linkReason: "", ids: [], consumers: new Map() };

/** Why a link is there, one of `LINK`; empty for links that give no reason. */
export const reasonOf = (link: SpanLink, { linkReason }: Pick<Rules, "linkReason">): string =>
  linkReason === "" ? "" : textOf(link.attributes, linkReason);

/** True for a link that leads to where a span comes from: not to the try before, nor to a caller outside. */
export function isOrigin(link: SpanLink, rules: Pick<Rules, "linkReason">): boolean {
  const reason = reasonOf(link, rules);
  return reason === LINK.creation || reason === "";
}
