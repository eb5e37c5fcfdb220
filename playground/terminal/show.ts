/** Prints journeys on a terminal. */
import type { Hop } from "../../collector/lens/journey/model.ts";
import type { Found } from "../clients/lens.ts";
import type { Io } from "../command.ts";
import { renderJourney } from "../trace/render.ts";
import { isColoured, paintFor } from "./paint.ts";

export interface ShowOptions {
  readonly width?: number;
  /** Puts the log records under their spans. */
  readonly logs?: boolean;
  /** Folds nothing away. */
  readonly full?: boolean;
  /** Folds all that is healthy. */
  readonly brief?: boolean;
  /** What makes the journey complete; without it only "settled" is judged. */
  readonly hops?: readonly Hop[];
}

const PLAIN_WIDTH = 100;

/** The tree of a journey, as wide as the terminal, or 100 columns where there is none. */
export function treeOf({ journey, logs }: Found, io: Pick<Io, "out">, options: ShowOptions = {}): string {
  const { width = io.out.columns || PLAIN_WIDTH, logs: withLogs = false } = options;
  return renderJourney(journey, logs, { ...options, width, colour: isColoured(io.out), logs: withLogs });
}

/** Prints the tree of `found`, or that there is none, under its heading. */
export function show(
  title: string,
  found: Found | null,
  io: Pick<Io, "out">,
  options: ShowOptions = {},
): void {
  const tree = found ? treeOf(found, io, options) : "lens has not seen this journey";
  io.out.write(`\n${paintFor(io.out)("bold", title)}\n\n${tree}\n`);
}
