/** The checkouts a second of a playground, once it is warm. */
import type { Playground } from "../../playground/runner/up.ts";
import type { Round } from "./bench.ts";
import { closedLoop, during, type Loop, times } from "./load.ts";
import { allShipped, CLIENTS, checkout, type ShopOptions, withShop } from "./shop.ts";

/**
 * A number, not a time, so that V8 has compiled the same amount in each mode. A checkout among the first 250 costs half
 * as much again as a later one.
 */
export const WARM_UP = 400;
export const QUICK_WARM_UP = 10;
const MEASURE_MS = 15_000;
const QUICK_MS = 1_000;

export interface Throughput {
  readonly loop: Loop;
  /**
   * Checkouts divided by the time until the last is shipped, so that a growing backlog does not count as throughput.
   */
  readonly shippedPerSecond: number;
}

type Shop = Pick<Playground, "urls" | "databases">;
type How = Pick<Round, "quick" | "signal">;

/** Keeps the clients busy while `more()`, and waits until all orders are shipped. Rejects when a checkout fails. */
async function ship({ urls, databases }: Shop, more: () => boolean, signal: AbortSignal): Promise<Loop> {
  const send = async (): Promise<boolean> => (await checkout(urls.gateway)).status === 201;
  const loop = await closedLoop(CLIENTS, more, signal, send);
  if (loop.failed > 0) throw new Error(`${loop.failed} of ${loop.requests} checkouts failed`);
  await allShipped(databases.orders ?? "", signal);
  return loop;
}

/** Runs checkouts until their cost no longer falls. */
export async function warm(shop: Shop, { quick, signal }: How): Promise<void> {
  await ship(shop, times(quick ? QUICK_WARM_UP : WARM_UP), signal);
}

/** The throughput of a running playground. */
export async function busy(shop: Shop, { quick, signal }: How): Promise<Throughput> {
  await warm(shop, { quick, signal });
  const beganMs = performance.now();
  const loop = await ship(shop, during(quick ? QUICK_MS : MEASURE_MS), signal);
  return { loop, shippedPerSecond: loop.requests / ((performance.now() - beganMs) / 1e3) };
}

/** Starts a playground, measures its throughput, and stops it. */
export const throughput = (options: Omit<ShopOptions, "signal">, round: How): Promise<Throughput> =>
  withShop({ ...options, signal: round.signal }, (shop) => busy(shop, round));
