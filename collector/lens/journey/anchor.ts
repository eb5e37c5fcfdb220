/**
 * What a span hangs on. These few rules, and nothing else, decide where journeys begin and what they hold:
 * going back to the root (`root.ts`) and growing forward from it (`grow.ts`) both follow them.
 */
import { BATON, LINK } from "../../../services/_kit/telemetry/conventions.ts";
import { keyOf, type Span, type SpanLink } from "./model.ts";
import { reasonOf } from "./read.ts";

export type Anchor =
  /** Nothing: it is a root. */
  | { readonly by: "nothing" }
  /** Its parent, which is here. */
  | { readonly by: "parent"; readonly parent: Span }
  /** What it links to. Several targets in several journeys make it a shared span. */
  | { readonly by: "links"; readonly links: readonly SpanLink[] }
  /** A parent that should be in its trace and is not: an orphan. */
  | { readonly by: "missing parent" }
  /** It has lost its context: links that lead nowhere, or a consumer with neither parent nor links. */
  | { readonly by: "lost" };

/** What the rules need to know of a span's surroundings. */
export interface Surroundings {
  /** Services whose SERVER spans are the public edge. */
  readonly edges: ReadonlySet<string>;
  /** The span's parent when it is here, in the same trace. */
  readonly parent: Span | undefined;
  /** Whether any span of that trace is here. */
  hasTrace(traceId: string): boolean;
}

/**
 * True for a span that begins a journey whatever it links to: a SERVER span of the public edge whose parent
 * is not ours (the caller's, or none), and the root of a replay.
 */
export function startsOwnJourney(span: Span, around: Pick<Surroundings, "edges" | "parent">): boolean {
  if (around.parent) return false;
  if (span.kind === "SERVER" && around.edges.has(span.service)) return true;
  return span.parentSpanId === "" && span.attributes[BATON.replay] === true;
}

/** What this span hangs on. Pure in what it is given; never throws. */
export function anchorOf(span: Span, around: Surroundings): Anchor {
  if (startsOwnJourney(span, around)) return { by: "nothing" };
  const reachable = (links: readonly SpanLink[]) => links.some((link) => around.hasTrace(link.traceId));
  const links = originLinks(span);
  // A consumer belongs to its message. Its parent may be a `receive` span over the messages of many journeys.
  if ((span.kind === "CONSUMER" || !around.parent) && reachable(links)) return { by: "links", links };
  if (around.parent) return { by: "parent", parent: around.parent };
  if (span.parentSpanId !== "") return { by: "missing parent" };
  const previous = distinct(span, (reason) => reason === LINK.previousAttempt);
  if (reachable(previous)) return { by: "links", links: previous };
  return links.length > 0 || span.kind === "CONSUMER" ? { by: "lost" } : { by: "nothing" };
}

/**
 * The links that say where a span comes from, each target once, in the span's own order: those to creation
 * contexts; without any, those that give no reason (other software's). Never those to the attempt before or to
 * a caller outside, nor to the span itself.
 */
export function originLinks(span: Span): readonly SpanLink[] {
  const creation = distinct(span, (reason) => reason === LINK.creation);
  return creation.length > 0 ? creation : distinct(span, (reason) => reason === "");
}

function distinct(span: Span, wanted: (reason: string) => boolean): readonly SpanLink[] {
  const links = span.links.filter((link) => wanted(reasonOf(link)) && keyOf(link) !== keyOf(span));
  return links.length < 2 ? links : [...new Map(links.map((link) => [keyOf(link), link])).values()];
}
