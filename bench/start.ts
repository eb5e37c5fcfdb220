/** How long a start takes: from the command to the first complete journey, with the packages installed. */
import type { Bench } from "./kit/bench.ts";
import { type Place, type, withPlace } from "./kit/command.ts";

/** The phases as `npm run demo` names them, and their figures here. */
const PHASES = {
  servers: "servers",
  start: "services",
  "first journey": "journey",
  "in all": "all",
} as const;

/** Milliseconds of each phase, from the output of `npm run demo`. Throws when one is missing. */
export function phasesOf(printed: string): Record<(typeof PHASES)[keyof typeof PHASES], number> {
  const entries = Object.entries(PHASES).map(([phase, name]) => {
    const seconds = new RegExp(`^${phase} +([\\d.]+) s`, "m").exec(printed)?.[1];
    if (seconds === undefined)
      throw new Error(`npm run demo did not say how long "${phase}" took:\n${printed}`);
    return [name, Math.round(Number(seconds) * 1e3)] as const;
  });
  return Object.fromEntries(entries) as ReturnType<typeof phasesOf>;
}

async function demo(place: Place, signal: AbortSignal): Promise<ReturnType<typeof phasesOf>> {
  const { printed, ended } = type("demo", place, signal);
  const status = await ended;
  signal.throwIfAborted();
  if (status !== 0) throw new Error(`npm run demo ended with status ${status}:\n${printed()}`);
  return phasesOf(printed());
}

export const start: Bench = {
  name: "start",
  title: "From the command to the first complete journey",
  how: "npm run demo twice in a new state folder: the first time nothing is compiled, the second time Node has its compiled code",
  rounds: 5,
  figures: [
    { name: "first", says: "first start", unit: "ms", better: "less", goal: { atMost: 5_000 } },
    { name: "again", says: "second start", unit: "ms", better: "less", goal: { atMost: 5_000 } },
    { name: "servers", says: "of it servers, databases and lens", unit: "ms", better: "less" },
    { name: "services", says: "of it services", unit: "ms", better: "less" },
    { name: "journey", says: "of it the first journey", unit: "ms", better: "less" },
  ],
  run: ({ signal, say }) =>
    withPlace(async (place) => {
      say("first start");
      const first = await demo(place, signal);
      say("second start");
      const { all, ...phases } = await demo(place, signal);
      return { values: { first: first.all, again: all, ...phases } };
    }),
};
