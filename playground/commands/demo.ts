/** `npm run demo`: like `npm start`, but it stops by itself; for a first look and for checks. */
import type { Command } from "../command.ts";
import { COPY_DETAILS, COPY_OPTIONS, COPY_USAGE } from "../copy.ts";
import { EXIT } from "../exit.ts";
import { table } from "../terminal/paint.ts";
import { bringDown, bringUp, type Started } from "./start.ts";

/** Written by boot.cjs. */
interface BootTimes {
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  /** 0 when the packages were there. */
  readonly packagesMs: number;
}

function bootTimes(text: string | undefined): BootTimes {
  try {
    const { startedAt, packagesMs } = JSON.parse(text ?? "") as BootTimes;
    return { startedAt, packagesMs };
  } catch {
    return { startedAt: performance.timeOrigin, packagesMs: 0 };
  }
}

/** The phases of a start with their times, as a table. `nowMs`: when the last journey was shown, since 1970. */
export function timeSplit(boot: BootTimes, { playground, firstMs }: Started, nowMs: number): string {
  const { serversMs, startMs } = playground.times;
  const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1).padStart(5)} s`;
  return table([
    ["packages", seconds(boot.packagesMs), boot.packagesMs === 0 ? "were there" : "installed"],
    ["servers", seconds(serversMs), "NATS, Redis, Postgres, databases, lens"],
    ["start", seconds(startMs), "services until all are ready"],
    ["first journey", seconds(firstMs), "sent until complete"],
    ["in all", seconds(nowMs - boot.startedAt), "since the command was typed"],
  ]);
}

export const demo: Command = {
  name: "demo",
  summary:
    "Starts everything, shows a good and a declined checkout, and stops; status 0 only if both journeys are complete.",
  usage: `[-- ${COPY_USAGE}]`,
  details: COPY_DETAILS.join("\n"),
  example: "npm run demo",
  statuses: { [EXIT.ok]: "both journeys are complete", [EXIT.failed]: "they are not, or it could not start" },
  options: COPY_OPTIONS,
  positionals: { least: 0, most: 0, what: "" },
  async run(args, io) {
    const started = await bringUp(io, { keep: false, args });
    const nowMs = Date.now();
    await bringDown(started.playground, io);
    io.out.write(`\n${timeSplit(bootTimes(io.env.BATON_TIMES), started, nowMs)}\n`);
    const { played } = started;
    const isComplete = played.length > 0 && played.every(({ awaited }) => awaited.complete);
    io.out.write(isComplete ? "\nboth journeys are complete\n" : "\nnot both journeys are complete\n");
    return isComplete ? EXIT.ok : EXIT.failed;
  },
};
