/**
 * The turns of a round: what is run of a commit, and which figures it gives. Both commits run each turn in succession.
 */
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

/** A turn's values by the names of their figures. There may be more than were asked for. */
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

/** A number, not a time: otherwise a faster commit's memory would be measured after more checkouts. */
const MEASURED = 400;
const QUICK_MEASURED = 20;
/** More than lens can take, so that the sender has to wait. */
const SPANS_PER_SECOND = 1_000_000;
const CONNECTIONS = 4;
/** First until lens' code is compiled, then for some ten seconds. */
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
  // Orders are shipped in their order, so the last ones are enough. Asking for each would add load.
  await shipped(gateway, ids.slice(-USERS), signal);
}

interface Busy {
  readonly perSecond: number;
  /** CPU milliseconds per checkout of all processes below the command; NaN when not wanted. */
  readonly cpuMs: number;
}

/** The rate of checkouts of `run` once it is warm, and their CPU time. */
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

/** PSS in MB of the process `root` and its descendants. */
async function memoryBelow(root: number): Promise<number> {
  const below = family(await processes(), root, new Map());
  const sizes = await Promise.all(below.map(({ pid }) => pssMb(pid)));
  return sizes.reduce((sum, mb) => sum + mb, 0);
}

/** Milliseconds from the command to the first complete journey. The playground is then stopped. */
async function startOnly(place: Place, signal: AbortSignal): Promise<number> {
  const beganMs = performance.now();
  return during(type("start", place, signal), async (started) => {
    await firstJourney(place, started);
    return performance.now() - beganMs;
  });
}

const LOADED: readonly Group[] = ["memory", "checkouts", "cpu"];
const isLoaded = (wanted: Wanted): boolean => LOADED.some((name) => wanted.has(name));

/** A first and a second start; in the second playground the checkouts, and the memory after them. */
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
