/** Stitches with what the playground tells lens of its shop. */
import { SHOP } from "./fuzz/shop.ts";
import type { Journey, Span } from "./model.ts";
import type { SpanSource } from "./source.ts";
import * as stitch from "./stitch.ts";

export const journeysOf = (spans: Iterable<Span>, options: stitch.JourneyOptions = {}): Journey[] =>
  stitch.journeysOf(spans, { ...SHOP, ...options });

export const journeyOf = (
  source: SpanSource,
  traceId: string,
  options: stitch.JourneyOptions = {},
): Journey | null => stitch.journeyOf(source, traceId, { ...SHOP, ...options });
