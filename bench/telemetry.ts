/** The cost of telemetry: checkouts a second with all spans sent to lens, divided by those without telemetry. */
import type { Bench, Round } from "./kit/bench.ts";
import { type Throughput, throughput } from "./kit/throughput.ts";

const MODES = {
  off: { env: { BATON_TELEMETRY: "off" } },
  lens: { env: {} },
} as const;
type Mode = keyof typeof MODES;

/** Each mode has its own playground. Their order changes from round to round, so that a drift cancels. */
async function both(round: Round): Promise<Record<Mode, Throughput>> {
  const order: Mode[] = round.number % 2 === 1 ? ["off", "lens"] : ["lens", "off"];
  const found = new Map<Mode, Throughput>();
  for (const mode of order) {
    round.say(`telemetry ${mode}`);
    found.set(mode, await throughput(MODES[mode], round));
  }
  const [off, lens] = [found.get("off"), found.get("lens")];
  if (!off || !lens) throw new Error("a mode was not measured");
  return { off, lens };
}

export const telemetry: Bench = {
  name: "telemetry",
  title: "What telemetry costs",
  how: "8 clients, each sending its next checkout when the last is answered; with every span sampled and sent to lens, and without telemetry, in turn",
  rounds: 3,
  figures: [
    {
      name: "ratio",
      says: "checkouts/s with telemetry over without",
      unit: "",
      better: "more",
      goal: { atLeast: 0.9 },
    },
    { name: "shipped", says: "the same until all are shipped", unit: "", better: "more" },
    { name: "lens", says: "with telemetry", unit: "checkouts/s", better: "more" },
    { name: "off", says: "without", unit: "checkouts/s", better: "more" },
    { name: "lensP50", says: "half of the answers with telemetry within", unit: "ms", better: "less" },
    { name: "offP50", says: "without", unit: "ms", better: "less" },
    { name: "lensP99", says: "99 % with telemetry within", unit: "ms", better: "less" },
    { name: "offP99", says: "without", unit: "ms", better: "less" },
  ],
  async run(round) {
    const { off, lens } = await both(round);
    return {
      values: {
        ratio: lens.loop.perSecond / off.loop.perSecond,
        shipped: lens.shippedPerSecond / off.shippedPerSecond,
        lens: lens.loop.perSecond,
        off: off.loop.perSecond,
        lensP50: lens.loop.p50Ms,
        offP50: off.loop.p50Ms,
        lensP99: lens.loop.p99Ms,
        offP99: off.loop.p99Ms,
      },
    };
  },
};
