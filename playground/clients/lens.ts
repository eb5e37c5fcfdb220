/** Asks lens for journeys. */
import { complete } from "../../collector/lens/journey/complete.ts";
import {
  type JourneyJson,
  journeyFromJson,
  type LogRecordJson,
  logFromJson,
} from "../../collector/lens/journey/json.ts";
import type { Hop, Journey, LogRecord } from "../../collector/lens/journey/model.ts";
import { errorFrom, Problem } from "../problem.ts";
import { whileMoving } from "../while-moving.ts";

/** A journey, the log records that belong to it, and the ids of other journeys with the same correlation id. */
export interface Found {
  readonly journey: Journey;
  readonly logs: readonly LogRecord[];
  readonly others: readonly string[];
  /** The answer as it came, for programs. */
  readonly json: unknown;
}

interface JourneyAnswer {
  readonly journey: JourneyJson;
  readonly logs?: readonly LogRecordJson[];
  readonly others?: readonly string[];
}

interface Summary {
  readonly id: string;
  readonly name: string;
}

const TIMEOUT_MS = 10_000;
const RECENT = 100;
/** How a checkout's root span is named: the gateway's route. */
const CHECKOUT = /\/checkouts$/;

async function ask(url: string, signal: AbortSignal): Promise<Response> {
  try {
    return await fetch(url, { signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]) });
  } catch (cause) {
    signal.throwIfAborted();
    const why = errorFrom(cause).cause;
    throw new Problem(
      "not_running",
      `lens does not answer at ${new URL(url).origin}${why instanceof Error ? ` (${why.message})` : ""}`,
      { cause },
    );
  }
}

/** The journey with this trace, correlation or order id, as lens at `url` knows it now; null when it knows none. */
export async function findJourney(url: string, id: string, signal: AbortSignal): Promise<Found | null> {
  const response = await ask(`${url}/api/journeys/${encodeURIComponent(id)}?logs=true`, signal);
  if (response.status === 404 || response.status === 400) {
    await response.body?.cancel();
    return null;
  }
  if (!response.ok) throw new Problem("refused", `lens answered ${response.status} for the journey ${id}`);
  const json = (await response.json()) as JourneyAnswer;
  return {
    journey: journeyFromJson(json.journey),
    logs: (json.logs ?? []).map(logFromJson),
    others: json.others ?? [],
    json,
  };
}

/** Trace id of the newest checkout that lens at `url` knows; null when it knows none. */
export async function lastCheckout(url: string, signal: AbortSignal): Promise<string | null> {
  const response = await ask(`${url}/api/journeys?limit=${RECENT}&service=gateway`, signal);
  if (!response.ok) throw new Problem("refused", `lens answered ${response.status} for its list of journeys`);
  const { journeys } = (await response.json()) as { readonly journeys: readonly Summary[] };
  return journeys.find(({ name }) => CHECKOUT.test(name))?.id ?? null;
}

export interface Awaited {
  /** The last answer of lens; null when it never knew the journey. */
  readonly found: Found | null;
  readonly complete: boolean;
  readonly missing: readonly Hop[];
}

/**
 * Waits until the journey `id` is settled and holds all of `hops`. When it has not grown for `stillMs`, or is not
 * complete after ten times as long, resolves to its last state. Without any hops a journey counts as done once it is
 * settled and has not grown for a second.
 */
export async function awaitJourney(
  url: string,
  id: string,
  hops: readonly Hop[],
  { signal, stillMs }: { readonly signal: AbortSignal; readonly stillMs: number },
): Promise<Awaited> {
  const growth = new Growth();
  let last: Awaited = { found: null, complete: false, missing: hops };
  let size = 0;
  const hasMoved = async (): Promise<boolean> => {
    const before = size;
    size = last.found?.journey.spans.length ?? 0;
    return size !== before;
  };
  const look = async (ends: AbortSignal): Promise<Awaited | undefined> => {
    const found = await findJourney(url, id, ends);
    if (!found) return undefined;
    const { complete: isComplete, missing } = complete(found.journey, hops);
    last = { found, complete: isComplete, missing };
    const quiet = growth.isQuiet(found.journey.spans.length);
    return isComplete && (hops.length > 0 || quiet) ? last : undefined;
  };
  const late = new Problem("incomplete", "");
  const bounds = { stillMs, mostMs: 10 * stillMs, askEveryMs: 1_000 };
  return whileMoving(look, { signal, hasMoved, everyMs: 100, bounds, onLate: () => late }).catch((error) => {
    if (error === late) return last;
    throw error;
  });
}

/** Notices when a number has not changed for a second. */
class Growth {
  #size = -1;
  #sinceMs = 0;

  isQuiet(size: number): boolean {
    if (size !== this.#size) this.#sinceMs = Date.now();
    this.#size = size;
    return Date.now() - this.#sinceMs >= 1_000;
  }
}
