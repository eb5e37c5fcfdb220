/** The full pipeline: checkouts a second with the Collector, Jaeger and Prometheus, and whether spans are lost. */

import type { Playground } from "../playground/runner/up.ts";
import { until } from "../playground/until.ts";
import type { Bench, Round } from "./kit/bench.ts";
import { withShop } from "./kit/shop.ts";
import { busy, throughput } from "./kit/throughput.ts";

const REST_WITHIN_MS = 90_000;
const LOOK_EVERY_MS = 3_000;
/** Prometheus scrapes every 5 s: four equal looks include at least one more scrape. */
const SAME_LOOKS = 4;

/** Where spans are counted, as queries to Prometheus. */
const STATIONS = {
  started: 'sum(otel_sdk_span_started_total{otel_span_sampling_result="RECORD_AND_SAMPLE"})',
  received: "sum(otelcol_receiver_accepted_spans)",
  stored: 'sum(lens_stored_total{signal="traces"})',
  lost: "sum(otelcol_receiver_refused_spans) + sum(lens_refused_total) + sum(lens_evicted_total)",
} as const;
type Stations = Record<keyof typeof STATIONS, number>;

async function query(prometheus: string, expr: string): Promise<number> {
  const response = await fetch(`${prometheus}/api/v1/query?query=${encodeURIComponent(expr)}`);
  const { data } = (await response.json()) as { data: { result: { value: [number, string] }[] } };
  return Number(data.result[0]?.value[1] ?? Number.NaN);
}

async function look(prometheus: string): Promise<Stations> {
  const asked = Object.entries(STATIONS).map(async ([name, expr]) => [name, await query(prometheus, expr)]);
  return Object.fromEntries(await Promise.all(asked)) as Stations;
}

/** Spans at each station, once the counts no longer change. */
async function atRest({ stack }: Playground, signal: AbortSignal): Promise<Stations> {
  const { prometheus = "" } = stack;
  let last = "";
  let same = 0;
  return until(
    async () => {
      const now = await look(prometheus);
      const text = JSON.stringify(now);
      same = text === last ? same + 1 : 0;
      last = text;
      return same >= SAME_LOOKS ? now : undefined;
    },
    {
      signal,
      everyMs: LOOK_EVERY_MS,
      withinMs: REST_WITHIN_MS,
      onLate: () => new Error(`the spans never came to rest: ${last}`),
    },
  );
}

async function fullRound(round: Round): ReturnType<Bench["run"]> {
  round.say("without telemetry");
  const off = await throughput({ env: { BATON_TELEMETRY: "off" } }, round);
  round.say("with the full stack");
  return withShop({ full: true, signal: round.signal }, async (shop) => {
    const full = await busy(shop, round);
    round.say("the spans to come to rest");
    const { started, received, stored, lost } = await atRest(shop, round.signal);
    return {
      values: {
        ratio: full.loop.perSecond / off.loop.perSecond,
        full: full.loop.perSecond,
        started,
        received,
        stored,
        lost: lost + Math.max(0, started - received) + Math.max(0, received - stored),
      },
    };
  });
}

export const full: Bench = {
  name: "full",
  title: "The full pipeline",
  how: "as telemetry, but through the Collector to Jaeger, Prometheus and lens; spans are counted at each station once nothing moves",
  rounds: 1,
  figures: [
    {
      name: "ratio",
      says: "checkouts/s with the full stack over without telemetry",
      unit: "",
      better: "more",
    },
    { name: "full", says: "with the full stack", unit: "checkouts/s", better: "more" },
    { name: "started", says: "spans started by the SDKs", unit: "", better: "more" },
    { name: "received", says: "received by the Collector", unit: "", better: "more" },
    { name: "stored", says: "stored by lens", unit: "", better: "more" },
    { name: "lost", says: "lost, refused or evicted", unit: "", better: "less", goal: { atMost: 0 } },
  ],
  run: fullRound,
};
