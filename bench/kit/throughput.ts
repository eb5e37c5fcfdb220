/** How many checkouts a second a playground takes, once it is warm. */
import type { Playground } from "../../playground/runner/up.ts";
import type { Round } from "./bench.ts";
import { closedLoop, during, type Loop, times } from "./load.ts";
import { allShipped, CLIENTS, checkout, type ShopOptions, withShop } from "./shop.ts";

/**
 * By number, not by time: V8 then has compiled as much in each mode. In the first 250 checkouts a checkout costs half as
 * much again as later on.
 */
export const WARM_UP = 400;
export const QUICK_WARM_UP = 10;
const MEASURE_MS = 15_000;
const QUICK_MS = 1_000;

export interface Throughput {
  readonly loop: Loop;
  /** Checkouts over the time until the last of them is shipped: a queue that only grows is no throughput. */
  readonly shippedPerSecond: number;
}

type Shop = Pick<Playground, "urls" | "databases">;
type How = Pick<Round, "quick" | "signal">;

/** Keeps the clients busy while `more()`, and waits until all is shipped. Rejects when a checkout fails. */
async function ship({ urls, databases }: Shop, more: () => boolean, signal: AbortSignal): Promise<Loop> {
  const send = async (): Promise<boolean> => (await checkout(urls.gateway)).status === 201;
  const loop = await closedLoop(CLIENTS, more, signal, send);
  if (loop.failed > 0) throw new Error(`${loop.failed} of ${loop.requests} checkouts failed`);
  await allShipped(databases.orders ?? "", signal);
  return loop;
}

/** Has the playground do what it is about to be measured at, until that costs what it will cost. */
export async function warm(shop: Shop, { quick, signal }: How): Promise<void> {
  await ship(shop, times(quick ? QUICK_WARM_UP : WARM_UP), signal);
}

/** The throughput of a playground that runs. */
export async function busy(shop: Shop, { quick, signal }: How): Promise<Throughput> {
  await warm(shop, { quick, signal });
  const beganMs = performance.now();
  const loop = await ship(shop, during(quick ? QUICK_MS : MEASURE_MS), signal);
  return { loop, shippedPerSecond: loop.requests / ((performance.now() - beganMs) / 1e3) };
}

/** The throughput of a playground that is started for it. */
export const throughput = (options: Omit<ShopOptions, "signal">, round: How): Promise<Throughput> =>
  withShop({ ...options, signal: round.signal }, (shop) => busy(shop, round));
