/** The figures of `npm run status` that are metrics, too: what they are called and mean, from the registry of names. */
import { GAUGE } from "../../services/_kit/telemetry/conventions.ts";
import { INSTRUMENTS } from "../../services/_kit/telemetry/instruments.ts";
import type { Figures } from "./figures.ts";

export interface Meaning {
  readonly metric: string;
  /** The metric's, such as `{row}`. */
  readonly unit: string;
  readonly means: string;
}

/** `of`: which of the metric's points the figure counts, when not all. */
function meaning(metric: keyof typeof INSTRUMENTS, of = ""): Meaning {
  const { unit, description } = INSTRUMENTS[metric];
  return { metric, unit, means: of === "" ? description : `${description} Here: ${of}.` };
}

/** By the figure's name in `--json`. */
export const MEANINGS = {
  outbox: meaning(GAUGE.outboxUnsent),
  streams: meaning(GAUGE.consumerPending),
  queues: meaning(GAUGE.queueJobs, "those that have not begun"),
  deadLetters: meaning(GAUGE.deadLetters),
} as const satisfies Partial<Record<keyof Figures, Meaning>>;

/** A count with the word of its unit: `1 row`, `3 rows`; `?` for one that is not available. */
export function withUnit(value: number | null, unit: string): string {
  const word = unit.replaceAll(/[{}]/g, "");
  return value === null ? `? ${word}s` : `${value} ${word}${value === 1 ? "" : "s"}`;
}
