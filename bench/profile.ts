/**
 * Where telemetry's time goes: the CPU time of a checkout in each of our processes, by layer, with telemetry and
 * without.
 */
import { chmod, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import type { Playground } from "../playground/runner/up.ts";
import type { Bench, Figure, Round, Table } from "./kit/bench.ts";
import { byLayer, parseProfile, type Window } from "./kit/cpu-profile.ts";
import { HELPERS, IDLE, LAYER_NAMES, POOL } from "./kit/layers.ts";
import { paced } from "./kit/load.ts";
import { type CpuTime, cpuTime } from "./kit/processes.ts";
import { allShipped, checkout, withShop } from "./kit/shop.ts";
import { numberText } from "./kit/table.ts";
import { warm } from "./kit/throughput.ts";

/** The same rate in both modes, so that background work, such as polling for messages, costs the same in both. */
const PER_SECOND = 10;
const CHECKOUTS = 200;
const QUICK_CHECKOUTS = 10;
/** Coarse enough that taking the samples costs little. */
const SAMPLE_EVERY_US = 1_000;

/** Milliseconds of CPU time per checkout, by process and layer. */
type Times = ReadonlyMap<string, ReadonlyMap<string, number>>;

const nowUs = (): number => Number(process.hrtime.bigint() / 1_000n);

/** One of our processes, and its CPU time in the window. */
interface Watched {
  readonly name: string;
  readonly pid: number;
  readonly cpu: CpuTime;
}

/**
 * The CPU time of the process for one checkout, by layer. The profiles in `texts`, one of each thread, give only the
 * shares: their times are wall clock times, which include a thread's waiting for a core.
 */
function timesOf(
  texts: readonly string[],
  { cpu }: Watched,
  window: Window,
  checkouts: number,
): Map<string, number> {
  const times = new Map([
    [HELPERS, cpu.helpersMs / checkouts],
    [POOL, cpu.poolMs / checkouts],
  ]);
  texts.forEach((text, thread) => {
    const layers = byLayer(parseProfile(text), window);
    layers.delete(IDLE);
    const sampledMs = [...layers.values()].reduce((total, ms) => total + ms, 0);
    for (const [layer, ms] of layers) {
      const ofThread = ((ms / sampledMs) * (cpu.threadsMs[thread] ?? 0)) / checkouts;
      times.set(layer, (times.get(layer) ?? 0) + ofThread);
    }
  });
  return times;
}

/** Reads the profiles that the processes have written at their ends. */
async function timesIn(
  folder: string,
  watched: readonly Watched[],
  window: Window,
  checkouts: number,
): Promise<Times> {
  const files = await readdir(folder);
  const read = watched.map(async (one) => {
    // CPU.<date>.<time>.<process>.<thread>.<number>.cpuprofile; the main thread's is 0.
    const texts = one.cpu.threadsMs.map((_, thread) => {
      const file = files.find((name) => name.split(".").slice(3, 5).join() === `${one.pid},${thread}`);
      if (!file) throw new Error(`thread ${thread} of ${one.name} wrote no profile`);
      return readFile(path.join(folder, file), "utf8");
    });
    return [one.name, timesOf(await Promise.all(texts), one, window, checkouts)] as const;
  });
  return new Map(await Promise.all(read));
}

/** The parts that are our own processes. The servers are not: they have no readiness address. */
const ours = (shop: Playground): { name: string; pid: number }[] =>
  shop.parts.flatMap(({ name, child, ready }) => {
    const pid = child?.pid();
    return pid && ready ? [{ name, pid }] : [];
  });

/** CPU time of each process so far. */
const cpuTimes = (shop: Playground): Promise<Watched[]> =>
  Promise.all(ours(shop).map(async (one) => ({ ...one, cpu: await cpuTime(one.pid) })));

/** The CPU time between the two readings. */
const between = (before: readonly Watched[], after: readonly Watched[]): Watched[] =>
  after.map((one) => {
    const { cpu } = before.find(({ pid }) => pid === one.pid) ?? one;
    return {
      ...one,
      cpu: {
        threadsMs: one.cpu.threadsMs.map((ms, thread) => ms - (cpu.threadsMs[thread] ?? 0)),
        helpersMs: one.cpu.helpersMs - cpu.helpersMs,
        poolMs: one.cpu.poolMs - cpu.poolMs,
      },
    };
  });

/** Sends checkouts at the fixed rate, and resolves when all are shipped. */
async function checkouts({ urls, databases }: Playground, count: number, signal: AbortSignal): Promise<void> {
  const answers = await paced(count, PER_SECOND, signal, () => checkout(urls.gateway));
  const failed = answers.filter(({ status }) => status !== 201).length;
  if (failed > 0) throw new Error(`${failed} of ${count} checkouts failed`);
  await allShipped(databases.orders ?? "", signal);
}

/** Runs checkouts with `env`, with each of our processes under V8's profiler. */
async function profiled(env: Readonly<Record<string, string>>, round: Round): Promise<Times> {
  const folder = await mkdtemp(path.join(os.tmpdir(), "baton-profile-"));
  await chmod(folder, 0o711);
  const flags = `--cpu-prof --cpu-prof-dir=${folder} --cpu-prof-interval=${SAMPLE_EVERY_US}`;
  const run = async (shop: Playground): Promise<[Watched[], Window, number]> => {
    await warm(shop, round);
    const before = await cpuTimes(shop);
    const fromUs = nowUs();
    const count = round.quick ? QUICK_CHECKOUTS : CHECKOUTS;
    await checkouts(shop, count, round.signal);
    const toUs = nowUs();
    return [between(before, await cpuTimes(shop)), { fromUs, toUs }, count];
  };
  try {
    const ran = await withShop({ env: { ...env, NODE_OPTIONS: flags }, signal: round.signal }, run);
    return await timesIn(folder, ...ran);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The sum over the processes that `wanted` accepts and the layers that `within` accepts. */
function sum(times: Times, wanted: (process: string) => boolean, within: (layer: string) => boolean): number {
  let ms = 0;
  for (const [name, layers] of times) {
    if (!wanted(name)) continue;
    for (const [layer, of] of layers) if (within(layer)) ms += of;
  }
  return ms;
}

const all = (): boolean => true;
const isService = (name: string): boolean => name !== "lens";
const isTelemetry = (layer: string): boolean => layer.startsWith("telemetry");

function layersTable(on: Times, off: Times): Table {
  const rows = LAYER_NAMES.map((layer) => {
    const isLayer = (name: string): boolean => name === layer;
    const [services, without] = [sum(on, isService, isLayer), sum(off, isService, isLayer)];
    return { layer, services, without, lens: sum(on, (name) => !isService(name), isLayer) };
  }).filter(({ services, without, lens }) => services + without + lens > 0.005);
  return {
    title: "CPU ms a checkout by layer, last round:",
    columns: ["layer", "services", "without telemetry", "more", "lens"],
    rows: rows.map(({ layer, services, without, lens }) => [
      layer,
      ...[services, without, services - without, lens].map(numberText),
    ]),
  };
}

function processesTable(on: Times, off: Times): Table {
  const rows = [...on.keys()].toSorted().map((name) => {
    const isIt = (other: string): boolean => other === name;
    return [name, ...[sum(on, isIt, all), sum(off, isIt, all), sum(on, isIt, isTelemetry)].map(numberText)];
  });
  return {
    title: "By process:",
    columns: ["process", "CPU ms a checkout", "without telemetry", "in telemetry's own code"],
    rows,
  };
}

const cpu = (name: string, says: string): Figure => ({ name, says, unit: "ms", better: "less" });

export const profile: Bench = {
  name: "profile",
  title: "Where the time of telemetry goes",
  how: "10 checkouts a second, with telemetry and without, every process of ours under V8's profiler; the kernel says how much CPU time, the profile in which layer: a function's own time counts for the layer of its file, Node's for the layer that called it",
  rounds: 1,
  figures: [
    cpu("services", "CPU time of a checkout in the services"),
    cpu("without", "without telemetry"),
    cpu("telemetry", "in telemetry's own code"),
    cpu("gc", "more for collecting garbage and compiling"),
    cpu("lens", "in lens"),
  ],
  async run(round) {
    round.say("without telemetry");
    const off = await profiled({ BATON_TELEMETRY: "off" }, round);
    round.say("with telemetry");
    const on = await profiled({}, round);
    const isGc = (layer: string): boolean => layer === "garbage collection" || layer === HELPERS;
    return {
      values: {
        services: sum(on, isService, all),
        without: sum(off, isService, all),
        telemetry: sum(on, isService, isTelemetry),
        gc: sum(on, isService, isGc) - sum(off, isService, isGc),
        lens: sum(on, (name) => !isService(name), all),
      },
      tables: [layersTable(on, off), processesTable(on, off)],
    };
  },
};
