/**
 * Keeps what is stored over a restart: written when lens stops, taken in again when it starts, through the same door as
 * telemetry. A crash loses it; a file written all the time would take more than a playground's traces are worth.
 */
import { mkdir, rm } from "node:fs/promises";
import path from "node:path";
import type { Logger } from "pino";
import type { Intake } from "../receive/intake.ts";
import type { Stored } from "../store/block.ts";
import type { Store } from "../store/store.ts";
import type { StoredTrace } from "../store/stored-trace.ts";
import { encodeRequest } from "./encode.ts";
import { type Frame, readFrames, writeFrames } from "./file.ts";

/** About a megabyte. */
const ITEMS_A_FRAME = 2_000;
/** Whoever stops lens waits for it: what cannot be written in this time, the oldest, is let go. */
const WRITE_WITHIN_MS = 4_000;

const fileIn = (dir: string): string => path.join(dir, "lens.kept");

/** Writes what is stored to `dir`, the newest first, as much as there is time for. Says so; never throws. */
export async function keep(
  store: Store,
  dir: string,
  log: Logger,
  withinMs = WRITE_WITHIN_MS,
): Promise<void> {
  try {
    await mkdir(dir, { recursive: true });
    const bytes = await writeFrames(fileIn(dir), framesOf(store, performance.now() + withinMs));
    log.info({ bytes }, "what was stored is kept");
  } catch (error) {
    log.error({ err: error }, "what was stored could not be kept");
  }
}

/**
 * Takes in what an earlier lens kept in `dir`, and removes it. A file that cannot be read is said so and left alone.
 */
export async function takeUp(intake: Intake, dir: string, log: Logger): Promise<void> {
  const file = fileIn(dir);
  try {
    const frames = await readFrames(file);
    if (!frames) return;
    // The newest stand first, and traces are listed in the order of their arrival.
    for (const { signal, request } of frames.reverse()) await intake.protobuf(signal, request);
    await rm(file, { force: true });
    log.info({ file, frames: frames.length }, "what was kept is stored again");
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    log.warn({ file, why }, "the file with what was kept cannot be used and is ignored");
  }
}

function* framesOf(store: Store, untilMs: number): Generator<Frame> {
  const traces: StoredTrace[] = [];
  let items = 0;
  for (const trace of store.newestFirst()) {
    if (performance.now() > untilMs) break;
    traces.push(trace);
    items += trace.spanCount + trace.logCount;
    if (items < ITEMS_A_FRAME) continue;
    yield* framesWith(traces.splice(0));
    items = 0;
  }
  yield* framesWith(traces);
}

function* framesWith(newestFirst: readonly StoredTrace[]): Generator<Frame> {
  const traces = newestFirst.toReversed();
  const spans = encodeRequest(itemsOf(traces, (trace) => trace.spans()));
  const logs = encodeRequest(itemsOf(traces, (trace) => trace.logs()));
  // In the end it is read from the back: the spans first, so that a trace arrives in its place.
  if (logs.length > 0) yield { signal: "logs", request: logs };
  if (spans.length > 0) yield { signal: "traces", request: spans };
}

function* itemsOf(
  traces: Iterable<StoredTrace>,
  read: (trace: StoredTrace) => Iterable<Stored>,
): Generator<Stored> {
  for (const trace of traces) yield* read(trace);
}
