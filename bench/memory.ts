/** The memory of all processes of the playground after a thousand checkouts. */

import { runningIn } from "../playground/runner/state.ts";
import { until } from "../playground/until.ts";
import type { Bench, Table } from "./kit/bench.ts";
import { type Place, type, withPlace } from "./kit/command.ts";
import { lensAtRest } from "./kit/lens/lens.ts";
import { closedLoop, times } from "./kit/load.ts";
import { family, processes, pssMb } from "./kit/processes.ts";
import { CLIENTS, checkout } from "./kit/shop.ts";
import { numberText } from "./kit/table.ts";

const CHECKOUTS = 1_000;
const QUICK_CHECKOUTS = 20;
const UP_WITHIN_MS = 120_000;

/** PSS in MB by part. "runner" is the two processes of the command line, and the shells that guard the children. */
async function memoryByPart(dir: string, boot: number): Promise<Map<string, number>> {
  const run = await runningIn(dir);
  if (!run) throw new Error("the playground has ended");
  const names = new Map(run.parts.flatMap(({ name, pid }) => (pid === null ? [] : [[pid, name] as const])));
  const all = family(await processes(), boot, new Map([...names, [boot, "runner"]]));
  const byPart = new Map<string, number>();
  for (const { pid, part } of all) byPart.set(part, (byPart.get(part) ?? 0) + (await pssMb(pid)));
  const missing = run.parts.filter(({ name }) => !byPart.get(name)).map(({ name }) => name);
  if (missing.length > 0) throw new Error(`no memory was seen of ${missing.join(", ")}`);
  return byPart;
}

const SERVERS = ["nats", "redis", "postgres"];

function valuesOf(
  byPart: ReadonlyMap<string, number>,
): Record<"all" | "services" | "servers" | "lens" | "runner", number> {
  const sum = (wanted: (part: string) => boolean): number =>
    [...byPart].reduce((total, [part, mb]) => total + (wanted(part) ? mb : 0), 0);
  const isOther = (part: string): boolean => part === "lens" || part === "runner" || SERVERS.includes(part);
  return {
    all: sum(() => true),
    services: sum((part) => !isOther(part)),
    servers: sum((part) => SERVERS.includes(part)),
    lens: sum((part) => part === "lens"),
    runner: sum((part) => part === "runner"),
  };
}

const tableOf = (byPart: ReadonlyMap<string, number>): Table => ({
  title: "PSS of each part with the processes below it, last round:",
  columns: ["part", "MB"],
  rows: [...byPart].map(([part, mb]) => [part, numberText(mb)]),
});

export const memory: Bench = {
  name: "memory",
  title: `Memory of all processes after ${CHECKOUTS.toLocaleString("en-US")} checkouts`,
  how: `npm start, ${CLIENTS} clients one checkout after the other, then the PSS of every process below the command, when no span comes any more`,
  rounds: 2,
  figures: [
    { name: "all", says: "all processes", unit: "MB", better: "less", goal: { atMost: 1_024 } },
    { name: "services", says: "of it the services", unit: "MB", better: "less" },
    { name: "servers", says: "of it NATS, Redis and Postgres", unit: "MB", better: "less" },
    { name: "lens", says: "of it lens", unit: "MB", better: "less" },
    { name: "runner", says: "of it the runner", unit: "MB", better: "less" },
  ],
  run: ({ quick, signal, say }) => withPlace((place) => measured(place, { quick, signal, say })),
};

async function measured(
  place: Place,
  { quick, signal, say }: Pick<Parameters<Bench["run"]>[0], "quick" | "signal" | "say">,
): ReturnType<Bench["run"]> {
  say("the playground to start");
  const started = type("start", place, signal);
  try {
    const run = await until(
      async () =>
        started.printed().includes("Ctrl-C stops it")
          ? ((await runningIn(place.dir)) ?? undefined)
          : undefined,
      {
        signal: started.signal,
        withinMs: UP_WITHIN_MS,
        onLate: () => new Error(`npm start did not come up:\n${started.printed()}`),
      },
    );
    const { gateway = "", lens = "" } = run.urls;
    say("the checkouts to be answered");
    const loop = await closedLoop(
      CLIENTS,
      times(quick ? QUICK_CHECKOUTS : CHECKOUTS),
      started.signal,
      async () => (await checkout(gateway)).status === 201,
    );
    if (loop.failed > 0) throw new Error(`${loop.failed} of ${loop.requests} checkouts failed`);
    say("the last spans to arrive");
    await lensAtRest(lens, signal);
    const byPart = await memoryByPart(place.dir, started.process.pid ?? 0);
    return { values: valuesOf(byPart), tables: [tableOf(byPart)] };
  } finally {
    started.process.kill("SIGTERM");
    await started.ended;
  }
}
