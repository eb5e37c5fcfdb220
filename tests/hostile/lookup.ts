/** Whether lens has each checkout that the shop has accepted. */
import { until } from "../../playground/until.ts";
import { inWaves } from "../fixtures.ts";
import { patient } from "../patience.ts";

export interface Accepted {
  /** The correlation id; where an internal caller has sent none, the order's id. */
  readonly id: string;
  readonly orderId: string;
  /** The trace that the caller said it continues; undefined when it named none. */
  readonly claimed: string | undefined;
  /** An internal caller has said that the trace is not sampled, and services believe each other. */
  readonly isUnsampled: boolean;
}

const AT_ONCE = 8;
/** An answer of lens is a whole journey: asking often would be a load of its own. */
const EVERY_MS = 250;

/** The journey with this id and the ids of others with it, as text; undefined when lens knows none. */
async function journeyText(
  lens: string,
  id: string,
): Promise<{ text: string; others: string[] } | undefined> {
  const response = await fetch(`${lens}/api/journeys/${encodeURIComponent(id)}`);
  const text = await response.text();
  if (!response.ok) return undefined;
  return { text, others: (JSON.parse(text) as { others: string[] }).others };
}

/** Whether a journey that is found by `id` is that of the order: several may have the same id. */
async function isThere(lens: string, { id, orderId }: Accepted): Promise<true | undefined> {
  const first = await journeyText(lens, id);
  if (first?.text.includes(orderId)) return true;
  for (const other of first?.others ?? [])
    if ((await journeyText(lens, other))?.text.includes(orderId)) return true;
  return undefined;
}

/** Looks for each; resolves to those that lens does not have, also after a while. */
export async function missingOf(lens: string, accepted: readonly Accepted[]): Promise<Accepted[]> {
  const bounds = {
    signal: new AbortController().signal,
    everyMs: EVERY_MS,
    withinMs: patient(20_000),
    onLate: () => new Error("it is not there"),
  };
  const found = await inWaves(accepted, AT_ONCE, (one) =>
    until(() => isThere(lens, one), bounds).catch(() => undefined),
  );
  return accepted.filter((_, i) => !found[i]);
}
