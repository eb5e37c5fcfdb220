/**
 * What a span hangs on. These few rules, and nothing else, decide where journeys begin and what they hold:
 * going back to the root (`root.ts`) and growing forward from it (`grow.ts`) both follow them.
 */
import { BATON, LINK } from "../../../../services/_kit/telemetry/conventions.ts";
import { keyOf, type Span, type SpanLink } from "../model.ts";
import { type Rules, reasonOf } from "../rules.ts";
import { MOST_LINKS } from "./work.ts";

export type Anchor =
  /** Nothing: it is a root. */
  | { readonly by: "nothing" }
  /** Its parent, which is here. */
  | { readonly by: "parent"; readonly parent: Span }
  /** What it links to. Several targets in several journeys make it a shared span. */
  | { readonly by: "links"; readonly links: readonly SpanLink[] }
  /** A parent that should be in its trace and is not: an orphan. */
  | { readonly by: "missing parent" }
  /** It has lost its context: a consumer with neither parent nor links that lead anywhere. */
  | { readonly by: "lost" };

/** What the rules need to know of a span's surroundings. */
export interface Surroundings {
  readonly rules: Rules;
  /** The span's parent when it is here, in the same trace. */
  readonly parent: Span | undefined;
  /** Whether any span of that trace is here. */
  hasTrace(traceId: string): boolean;
}

const NOTHING: Anchor = { by: "nothing" };
const MISSING_PARENT: Anchor = { by: "missing parent" };
const LOST: Anchor = { by: "lost" };

/** OTLP's span flags: whether the parent was in another process is known, and that it was. */
const REMOTE = 0x300;

/** True for a span whose flags say that its parent was in another process. */
export const saysRemote = (span: Span): boolean => (span.flags & REMOTE) === REMOTE;

/**
 * True for a span that begins a journey whatever it links to: a SERVER span of the public edge whose parent
 * is not ours (the caller's, or none), and the root of a replay.
 */
export function startsOwnJourney(span: Span, around: Pick<Surroundings, "rules" | "parent">): boolean {
  if (around.parent) return false;
  if (span.kind === "SERVER" && around.rules.edges.has(span.service)) return true;
  return span.parentSpanId === "" && span.attributes[BATON.replay] === true;
}

/** What this span hangs on. Pure in what it is given; never throws. */
export function anchorOf(span: Span, around: Surroundings): Anchor {
  const { rules, parent } = around;
  if (startsOwnJourney(span, around)) return NOTHING;
  const reachable = (links: readonly SpanLink[]) => links.some((link) => around.hasTrace(link.traceId));
  const links = originLinks(span, rules);
  // A consumer belongs to its message. Its parent may be a `receive` span over the messages of many journeys.
  if ((span.kind === "CONSUMER" || !parent) && reachable(links)) return { by: "links", links };
  if (parent) return { by: "parent", parent };
  if (span.parentSpanId !== "") return MISSING_PARENT;
  const previous = distinct(span, (link) => reasonOf(link, rules) === LINK.previousAttempt);
  if (reachable(previous)) return { by: "links", links: previous };
  // Links that lead to nothing that is here, sampled away or never sent, do not make a root wait for ever.
  return span.kind === "CONSUMER" ? LOST : NOTHING;
}

/**
 * The links that say where a span comes from, each target once, in the span's own order, at most `MOST_LINKS`: those to
 * creation contexts; without any, those that give no reason (other software's). Never those to the attempt before or to
 * a caller outside, nor to the span itself, nor those that lead to nothing: ids of zeros or of a wrong length.
 */
export function originLinks(span: Span, rules: Rules): readonly SpanLink[] {
  if (span.links.length === 0) return [];
  const creation = distinct(span, (link) => reasonOf(link, rules) === LINK.creation);
  return creation.length > 0 ? creation : distinct(span, (link) => reasonOf(link, rules) === "");
}

function distinct(span: Span, wanted: (link: SpanLink) => boolean): readonly SpanLink[] {
  const own = keyOf(span);
  const links = span.links.filter((link) => isValid(link) && keyOf(link) !== own && wanted(link));
  if (links.length < 2) return links;
  return [...new Map(links.map((link) => [keyOf(link), link])).values()].slice(0, MOST_LINKS);
}

const isValid = ({ traceId, spanId }: SpanLink): boolean =>
  traceId.length === 32 && spanId.length === 16 && !/^0+$/.test(traceId) && !/^0+$/.test(spanId);
