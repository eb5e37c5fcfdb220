/**
 * What telemetry costs: checkouts a second and their latency with the full pipeline (Collector, Jaeger, Prometheus and
 * lens), with lens alone, and without telemetry, each in a playground of its own, in turn, several rounds. Prints a
 * table for bench/README.md. All of it shares this machine's cores with the load, so read the figures as ratios.
 */
import { freePorts, portsFor } from "../playground/ports.ts";
import { silent } from "../playground/report.ts";
import { stackPortsFor } from "../playground/stack/ports.ts";
import { temporaryState } from "../playground/temporary.fixture.ts";
import { until } from "../playground/until.ts";
import { type Playground, up } from "../playground/up.ts";
import { closedLoop, type Loop, median, pssMb } from "./measure.ts";

const ROUNDS = 2;
const WORKERS = 8;
const WARM_UP_MS = 5_000;
const MEASURE_MS = 15_000;
/** The full stack's ports are fixed beside each other, away from the usual ones. */
const OFFSET = 6_000;
const MODES = ["full", "lens", "off"] as const;
type Mode = (typeof MODES)[number];

interface Round {
  readonly loop: Loop;
  readonly memoryMb: Readonly<Record<string, number>>;
  readonly spans: string;
}

const body = JSON.stringify({
  userId: "bench",
  items: [{ sku: "kettle", quantity: 1 }],
  payment: { token: "tok_visa" },
});

async function checkout(gateway: string): Promise<boolean> {
  const headers = { "content-type": "application/json" };
  const response = await fetch(`${gateway}/api/v1/checkouts`, { method: "POST", headers, body });
  await response.arrayBuffer();
  return response.status === 201;
}

async function query(prometheus: string, expr: string): Promise<number> {
  const response = await fetch(`${prometheus}/api/v1/query?query=${encodeURIComponent(expr)}`);
  const { data } = (await response.json()) as { data: { result: { value: [number, string] }[] } };
  return Number(data.result[0]?.value[1] ?? Number.NaN);
}

/** Spans at each station, once nothing moves any more. */
async function stations(playground: Playground): Promise<string> {
  const { prometheus } = playground.stack;
  if (prometheus === undefined) return "";
  const look = async (): Promise<number[]> => [
    await query(prometheus, "sum(otel_sdk_span_started_total)"),
    await query(prometheus, "sum(otelcol_receiver_accepted_spans)"),
    await query(prometheus, 'sum(lens_stored_total{signal="traces"})'),
    await query(
      prometheus,
      "sum(otelcol_receiver_refused_spans) + sum(lens_refused_total) + sum(lens_evicted_total)",
    ),
  ];
  let last: number[] = [];
  let same = 0;
  await until(
    async () => {
      const now = await look();
      same = now.every((value, index) => value === last[index]) ? same + 1 : 0;
      last = now;
      return same >= 4 || undefined;
    },
    {
      signal: new AbortController().signal,
      everyMs: 3_000,
      withinMs: 90_000,
      onLate: () => new Error("the spans never came to rest"),
    },
  );
  const [started, received, stored, lost] = last;
  return `started ${started}, received ${received}, stored ${stored}, refused or evicted ${lost}`;
}

async function round(mode: Mode): Promise<Round> {
  const state = await temporaryState();
  const full = mode === "full";
  const playground = await up({
    dir: state.dir,
    ports: full ? portsFor(OFFSET) : await freePorts(),
    ...(full ? { full: stackPortsFor(OFFSET) } : {}),
    env: mode === "off" ? { BATON_TELEMETRY: "off" } : {},
    report: silent,
  });
  try {
    const send = () => checkout(playground.urls.gateway);
    await closedLoop(WORKERS, WARM_UP_MS, send);
    const loop = await closedLoop(WORKERS, MEASURE_MS, send);
    const memoryMb: Record<string, number> = {};
    for (const { name, child } of playground.parts) {
      const pid = child?.pid();
      if (pid) memoryMb[name] = await pssMb(pid);
    }
    return { loop, memoryMb, spans: await stations(playground) };
  } finally {
    await playground.stop();
    await state.remove();
  }
}

const rounds: Record<Mode, Round[]> = { full: [], lens: [], off: [] };
for (let n = 0; n < ROUNDS; n += 1) {
  for (const mode of MODES) {
    process.stderr.write(`round ${n + 1} of ${ROUNDS}: ${mode}\n`);
    rounds[mode].push(await round(mode));
  }
}

const of = (mode: Mode, read: (loop: Loop) => number) => rounds[mode].map(({ loop }) => read(loop));
const spread = (values: readonly number[]) =>
  `${median(values).toFixed(1)} (${Math.min(...values).toFixed(1)} to ${Math.max(...values).toFixed(1)})`;
const without = median(of("off", (loop) => loop.perSecond));
const lines = MODES.map((mode) => {
  const rate = of(mode, (loop) => loop.perSecond);
  const ratio = (median(rate) / without).toFixed(2);
  const cells = [spread(rate), ratio, spread(of(mode, (l) => l.p50Ms)), spread(of(mode, (l) => l.p99Ms))];
  return `| ${mode} | ${cells.join(" | ")} | ${of(mode, (l) => l.failed).reduce((a, b) => a + b)} |`;
});
const memory = Object.entries(rounds.full.at(-1)?.memoryMb ?? {});
const total = memory.reduce((sum, [, mb]) => sum + mb, 0);
process.stdout.write(`| telemetry | checkouts/s | of off | p50 ms | p99 ms | failed |
|---|---|---|---|---|---|
${lines.join("\n")}

${rounds.full.map(({ spans }, n) => `- round ${n + 1}, full: ${spans}`).join("\n")}

| part (full, last round) | PSS MB |
|---|---|
${memory.map(([name, mb]) => `| ${name} | ${mb.toFixed(0)} |`).join("\n")}
| all | ${total.toFixed(0)} |
`);
