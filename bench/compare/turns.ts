/** What is run of a commit in one turn, and the figures that it gives. Both commits have the same turn one after the other. */
import { freePorts } from "../../playground/runner/ports.ts";
import type { Round } from "../kit/bench.ts";
import { type Place, type Typed, type, withPlace } from "../kit/command.ts";
import { lensAtRest } from "../kit/lens/lens.ts";
import { send } from "../kit/lens/send.ts";
import { closedLoop, times } from "../kit/load.ts";
import { cpuMsBelow, family, processes, pssMb } from "../kit/processes.ts";
import { CLIENTS, checkout, USERS } from "../kit/shop.ts";
import { QUICK_WARM_UP, WARM_UP } from "../kit/throughput.ts";
import type { Copy } from "./copies.ts";
import type { Group } from "./figures.ts";
import { checkBelow, firstJourney, gatewayReady, lensReady, type Running, shipped } from "./outside.ts";

/** A turn's values by the names of their figures. It may measure more than was asked for. */
export type Values = Readonly<Record<string, number>>;

/** Groups that are wanted. */
export type Wanted = ReadonlySet<Group>;

type How = Pick<Round, "quick" | "signal" | "say">;

export interface Turn {
  readonly name: string;
  readonly groups: readonly Group[];
  /** About how long it takes for one commit, on two cores. */
  seconds(wanted: Wanted): number;
  run(copy: Copy, wanted: Wanted, how: How): Promise<Values>;
}

/** By number and not by seconds: memory would otherwise be measured after more checkouts on a faster commit. */
const MEASURED = 400;
const QUICK_MEASURED = 20;
/** More than lens takes: it is the sender that waits. */
const SPANS_PER_SECOND = 1_000_000;
const CONNECTIONS = 4;
/** Until lens' code is compiled, and then some ten seconds' worth. */
const SPANS = { warm: 300_000, measured: 1_000_000 } as const;
const QUICK_SPANS = { warm: 10_000, measured: 50_000 } as const;

/** Starts a command, lets `use` work with it, and stops it. */
async function during<T>(started: Typed, use: (started: Typed) => Promise<T>): Promise<T> {
  try {
    return await use(started);
  } finally {
    started.process.kill("SIGTERM");
    await started.ended;
  }
}

/** Sends `count` checkouts and waits until they are shipped. Rejects when one fails. */
async function checkouts(gateway: string, count: number, signal: AbortSignal): Promise<void> {
  const ids: string[] = [];
  const loop = await closedLoop(CLIENTS, times(count), signal, async () => {
    const { status, orderId } = await checkout(gateway);
    ids.push(orderId);
    return status === 201;
  });
  if (loop.failed > 0) throw new Error(`${loop.failed} of ${loop.requests} checkouts failed`);
  // First come, first served: with the last ones the others are shipped, too. To ask for each would be work of its own.
  await shipped(gateway, ids.slice(-USERS), signal);
}

interface Busy {
  readonly perSecond: number;
  /** CPU milliseconds of a checkout in all processes below the command; NaN where they are not wanted. */
  readonly cpuMs: number;
}

/** How fast `run` does checkouts once it is warm, and at what cost. */
async function busy(run: Running, started: Typed, wanted: Wanted, { quick, say }: How): Promise<Busy> {
  const { gateway } = run;
  const root = started.process.pid ?? 0;
  if (wanted.has("cpu") || wanted.has("memory")) await checkBelow(run, root);
  const cpuMs = async (): Promise<number> => (wanted.has("cpu") ? cpuMsBelow(root) : Number.NaN);
  const count = quick ? QUICK_MEASURED : MEASURED;
  const warm = quick ? QUICK_WARM_UP : WARM_UP;
  say(`${warm} checkouts to warm up`);
  await checkouts(gateway, warm, started.signal);
  say(`${count} checkouts`);
  const [beforeMs, beganMs] = [await cpuMs(), performance.now()];
  await checkouts(gateway, count, started.signal);
  const tookMs = performance.now() - beganMs;
  return { perSecond: count / (tookMs / 1e3), cpuMs: ((await cpuMs()) - beforeMs) / count };
}

/** PSS in MB of the process `root` and all below it. */
async function memoryBelow(root: number): Promise<number> {
  const below = family(await processes(), root, new Map());
  const sizes = await Promise.all(below.map(({ pid }) => pssMb(pid)));
  return sizes.reduce((sum, mb) => sum + mb, 0);
}

/** Milliseconds from the command to the first complete journey, in a playground that is stopped again. */
async function startOnly(place: Place, signal: AbortSignal): Promise<number> {
  const beganMs = performance.now();
  return during(type("start", place, signal), async (started) => {
    await firstJourney(place, started);
    return performance.now() - beganMs;
  });
}

const LOADED: readonly Group[] = ["memory", "checkouts", "cpu"];
const isLoaded = (wanted: Wanted): boolean => LOADED.some((name) => wanted.has(name));

/** A first start, a second one, and in that playground the checkouts and the memory after them. */
const withTelemetry: Turn = {
  name: "with telemetry",
  groups: ["start", "memory", "checkouts", "cpu"],
  seconds: (wanted) => (wanted.has("start") ? 22 : 11) + (isLoaded(wanted) ? 40 : 0),
  run: (copy, wanted, how) =>
    withPlace(
      async (place) => {
        const values: Record<string, number> = {};
        if (wanted.has("start")) {
          how.say("first start");
          values.first = await startOnly(place, how.signal);
          how.say("second start");
        } else how.say("start");
        const beganMs = performance.now();
        await during(type("start", place, how.signal), async (started) => {
          const run = await firstJourney(place, started);
          values.again = performance.now() - beganMs;
          if (!isLoaded(wanted)) return;
          const { perSecond, cpuMs } = await busy(run, started, wanted, how);
          values.on = perSecond;
          values.cpuOn = cpuMs;
          if (!wanted.has("memory")) return;
          how.say("the last spans to arrive");
          await lensAtRest(run.lens, started.signal);
          values.memory = await memoryBelow(started.process.pid ?? 0);
        });
        return values;
      },
      { commandLine: copy, env: { BATON_TELEMETRY: "on" } },
    ),
};

const withoutTelemetry: Turn = {
  name: "without telemetry",
  groups: ["checkouts", "cpu"],
  seconds: () => 42,
  run: (copy, wanted, how) =>
    withPlace(
      (place) => {
        how.say("start");
        return during(type("start", place, how.signal), async (started) => {
          const run = await gatewayReady(place, started);
          const { perSecond, cpuMs } = await busy(run, started, wanted, how);
          return { off: perSecond, cpuOff: cpuMs };
        });
      },
      { commandLine: copy, env: { BATON_TELEMETRY: "off" } },
    ),
};

const lensAlone: Turn = {
  name: "lens alone",
  groups: ["ingest"],
  seconds: () => 18,
  run: (copy, _wanted, { quick, signal, say }) =>
    withPlace(
      async (place) => {
        const { lens: page, otlpHttp: http, otlpGrpc: grpc } = await freePorts();
        const args = ["--port", page, "--http-port", http, "--grpc-port", grpc].map(String);
        return during(type("lens", place, signal, args), async (started) => {
          const url = `http://127.0.0.1:${page}`;
          await lensReady(url, started);
          const spans = quick ? QUICK_SPANS : SPANS;
          const plan = {
            url: `http://127.0.0.1:${http}`,
            perSecond: SPANS_PER_SECOND,
            connections: CONNECTIONS,
          };
          say("spans to warm up");
          const warm = await send({ ...plan, spans: spans.warm, firstGroup: 1 }, started.signal);
          say("spans");
          const sent = await send(
            { ...plan, spans: spans.measured, firstGroup: warm.lastGroup + 1 },
            started.signal,
          );
          const { stored } = await lensAtRest(url, started.signal);
          const taken = warm.spans + sent.spans;
          if (stored < taken) throw new Error(`lens said to have taken ${taken} spans and stored ${stored}`);
          return { ingest: sent.spans / (sent.tookMs / 1e3) };
        });
      },
      { commandLine: copy },
    ),
};

/** In the order in which they are run. */
export const turns: readonly Turn[] = [withTelemetry, withoutTelemetry, lensAlone];
