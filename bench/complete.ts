/** How soon a journey can be read: from the end of its last span until lens says that it is complete. */
import { complete as completeness } from "../collector/lens/journey/complete.ts";
import scenario from "../load/scenarios/checkout.ts";
import { findJourney } from "../playground/clients/lens.ts";
import { until } from "../playground/until.ts";
import type { Bench } from "./kit/bench.ts";
import { paced } from "./kit/load.ts";
import { checkout, withShop } from "./kit/shop.ts";
import { ascending, percentile } from "./kit/statistics.ts";

const JOURNEYS = 200;
const QUICK_JOURNEYS = 6;
const WARM_UP = 5;
/** Some 15 % of what two cores can do. */
const PER_SECOND = 4;
/** The time between two queries, and so the largest error of the result. */
const LOOK_EVERY_MS = 25;
const COMPLETE_WITHIN_MS = 30_000;

const nowMs = (): number => performance.timeOrigin + performance.now();

/** Sends a checkout and reads its journey until it is complete; resolves to the time since its last span, in ms. */
async function delayOf(gateway: string, lens: string, signal: AbortSignal): Promise<number> {
  const { status, traceId } = await checkout(gateway);
  if (status !== 201) throw new Error(`a checkout was answered ${status}`);
  return until(
    async (either) => {
      const found = await findJourney(lens, traceId, either);
      const seenMs = nowMs();
      if (!found || !completeness(found.journey, scenario.expect.hops).complete) return undefined;
      return seenMs - Number(found.journey.endNs / 1_000n) / 1e3;
    },
    {
      signal,
      everyMs: LOOK_EVERY_MS,
      withinMs: COMPLETE_WITHIN_MS,
      onLate: (last) => new Error(`the journey ${traceId} is not complete`, { cause: last }),
    },
  );
}

export const complete: Bench = {
  name: "complete",
  title: "From the last span's end to the complete journey",
  how: `${JOURNEYS} checkouts, ${PER_SECOND} a second; each journey is asked for every ${LOOK_EVERY_MS} ms until it is settled and has every promised hop`,
  rounds: 1,
  figures: [
    { name: "p50", says: "half of the journeys within", unit: "ms", better: "less" },
    { name: "p99", says: "99 % within", unit: "ms", better: "less", goal: { atMost: 1_000 } },
    { name: "most", says: "all within", unit: "ms", better: "less" },
  ],
  run: ({ quick, signal, say }) =>
    withShop({ signal }, async ({ urls }) => {
      const delays = (count: number): Promise<number[]> =>
        paced(count, PER_SECOND, signal, () => delayOf(urls.gateway, urls.lens, signal));
      say("journeys to be complete");
      await delays(WARM_UP);
      const sorted = ascending(await delays(quick ? QUICK_JOURNEYS : JOURNEYS));
      return {
        values: { p50: percentile(sorted, 0.5), p99: percentile(sorted, 0.99), most: percentile(sorted, 1) },
      };
    }),
};
