/** Runs lens alone, as a process, and reads its metrics. */

import path from "node:path";
import { startChild } from "../../../playground/runner/child.ts";
import { freePorts } from "../../../playground/runner/ports.ts";
import { temporaryState } from "../../../playground/temporary.fixture.ts";
import { silent } from "../../../playground/terminal/report.ts";
import { until } from "../../../playground/until.ts";
import { lensWords, lens as part } from "../../../services/topology.ts";

const STOP_WITHIN_MS = 3_000;
const REST_WITHIN_MS = 60_000;
/** The same as with `npm start`. */
const FLAGS = ["--max-old-space-size=512"];

export interface Lens {
  readonly pid: number;
  /** Of the page and the query API. */
  readonly url: string;
  readonly otlpUrl: string;
  readonly logFile: string;
}

export interface LensOptions {
  /** More flags for Node. */
  readonly flags?: readonly string[];
  /** Settings of lens. */
  readonly env?: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

/** Runs `use` with a new lens that is ready, and ends it. */
export async function withLens<T>(
  { flags = [], env = {}, signal }: LensOptions,
  use: (lens: Lens) => Promise<T>,
): Promise<T> {
  const state = await temporaryState();
  const ports = await freePorts();
  const url = `http://127.0.0.1:${ports.lens}`;
  const logFile = path.join(state.dir, "lens.log");
  const spec = {
    name: "lens",
    command: process.execPath,
    args: [...FLAGS, ...flags, part.entry],
    env: {
      PATH: process.env.PATH ?? "",
      BATON_PORT: String(ports.lens),
      BATON_STATE_DIR: state.dir,
      ...lensWords(),
      LENS_OTLP_HTTP_PORT: String(ports.otlpHttp),
      LENS_OTLP_GRPC_PORT: String(ports.otlpGrpc),
      LENS_DATA_DIR: path.join(state.dir, "lens"),
      ...env,
    },
    cwd: path.join(import.meta.dirname, "../../.."),
    logFile,
    stopWithinMs: STOP_WITHIN_MS,
  };
  try {
    const ready = async (): Promise<true | undefined> =>
      (await fetch(`${url}${part.ready}`)).ok ? true : undefined;
    const { child } = await startChild(spec, ready, { report: silent, signal });
    try {
      const pid = child.pid();
      if (pid === null) throw new Error("lens ended as soon as it was ready");
      return await use({ pid, url, otlpUrl: `http://127.0.0.1:${ports.otlpHttp}`, logFile });
    } finally {
      await child.stop();
    }
  } finally {
    await state.remove();
  }
}

/** The sum of a metric's samples whose labels contain `label`, in Prometheus' text format; 0 when there is none. */
const sampleIn = (text: string, name: string, label = ""): number =>
  text
    .split("\n")
    .filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`))
    .filter((line) => line.includes(label))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" "))), 0);

export interface LensCounts {
  /** Spans. */
  readonly stored: number;
  readonly evicted: number;
  readonly refused: number;
  /** Bytes on disk of everything that is stored. */
  readonly storeBytes: number;
}

export async function lensCounts(url: string): Promise<LensCounts> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const traces = 'signal="traces"';
  return {
    stored: sampleIn(text, "lens_stored_total", traces),
    evicted: sampleIn(text, "lens_evicted_total", traces),
    refused: sampleIn(text, "lens_refused_total", traces),
    storeBytes: sampleIn(text, "lens_store_bytes"),
  };
}

/** Waits until no more spans come in for a second, and resolves to the counts then. */
export async function lensAtRest(url: string, signal: AbortSignal): Promise<LensCounts> {
  let last = await lensCounts(url);
  let sinceMs = performance.now();
  return until(
    async () => {
      const now = await lensCounts(url);
      if (now.stored !== last.stored) sinceMs = performance.now();
      last = now;
      return performance.now() - sinceMs >= 1_000 ? now : undefined;
    },
    {
      signal,
      everyMs: 200,
      withinMs: REST_WITHIN_MS,
      onLate: (error) => new Error("spans still arrive", { cause: error }),
    },
  );
}
