/** The memory of a span in lens: by lens' own count, and by the growth of its process. */
import type { Bench } from "./kit/bench.ts";
import { INSPECT, memoryOf } from "./kit/inspector.ts";
import { lensAtRest, lensCounts, withLens } from "./kit/lens/lens.ts";
import { send } from "./kit/lens/send.ts";

const SPANS = 200_000;
const QUICK_SPANS = 20_000;
/** Before the first reading, so that compiled code and caches do not count as a cost of spans. */
const WARM_UP_SPANS = 20_000;
const PER_SECOND = 20_000;
const CONNECTIONS = 2;
const MB = 2 ** 20;

export const store: Bench = {
  name: "store",
  title: "Bytes of lens' store per span",
  how: `${SPANS.toLocaleString("en-US")} spans with ten attributes; lens' own figure, and the growth of its process after its garbage is collected`,
  rounds: 3,
  figures: [
    { name: "own", says: "as lens counts it", unit: "bytes", better: "less", goal: { atMost: 256 } },
    {
      name: "grown",
      says: "growth of heap and buffers",
      unit: "bytes",
      better: "less",
      goal: { atMost: 256 },
    },
    { name: "resident", says: "growth of the resident process", unit: "bytes", better: "less" },
  ],
  run: ({ quick, signal, say }) =>
    withLens({ flags: [INSPECT], signal }, async ({ url, otlpUrl, logFile }) => {
      const fill = (spans: number, firstGroup: number) =>
        send({ url: otlpUrl, spans, perSecond: PER_SECOND, connections: CONNECTIONS, firstGroup }, signal);
      say("warm");
      const { lastGroup } = await fill(WARM_UP_SPANS, 1);
      await lensAtRest(url, signal);
      const [countedBefore, before] = [await lensCounts(url), await memoryOf(logFile)];
      say("full");
      await fill(quick ? QUICK_SPANS : SPANS, lastGroup + 1);
      const counted = await lensAtRest(url, signal);
      const after = await memoryOf(logFile);
      if (counted.evicted > 0) throw new Error("lens has evicted spans: what is left says nothing of them");
      const spans = counted.stored - countedBefore.stored;
      const grownMb = after.heapMb + after.externalMb - before.heapMb - before.externalMb;
      return {
        values: {
          // Divided by all stored spans. Spans of the warm-up may be packed later, so a difference would be too small.
          own: counted.storeBytes / counted.stored,
          grown: (grownMb * MB) / spans,
          resident: Math.max(0, ((after.residentMb - before.residentMb) * MB) / spans),
        },
      };
    }),
};
