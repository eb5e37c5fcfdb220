/**
 * `kill -9` of lens at seeded moments under load: what was answered more than a second before is there, what is missing
 * is said by its number, and the database is whole. Another seed: LENS_KILL_SEED=7.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { expect, test } from "vitest";
import { freePorts } from "../../playground/runner/ports.ts";
import { chance } from "../../tests/crash/seeded.ts";
import { eventually } from "../../tests/fixtures.ts";
import { encodeJson } from "./otlp/json/in.ts";
import { databaseIn } from "./store/files.ts";
import { DatabaseSync } from "./store/sqlite.ts";
import { newFolder, span, trace } from "./store/store.fixture.ts";

const MOMENTS = 20;
const SPANS = 50;
const CONNECTIONS = 4;
/**
 * Requests overtake each other on the connections, so that traces do not arrive quite in the order of their numbers.
 */
const OVERTAKEN = 100;
const SAFE_AFTER_MS = 1_000;
/** Requests that are answered before lens is killed, at most: a few seconds of them. */
const MOST_REQUESTS = 2_000;
const seed = Number(process.env.LENS_KILL_SEED ?? "20261130");

interface Running {
  readonly child: ChildProcess;
  readonly url: string;
  readonly otlpUrl: string;
  /** What it says in its log. */
  readonly said: () => string;
}

async function start(dir: string): Promise<Running> {
  const ports = await freePorts();
  const child = spawn(process.execPath, [path.join(import.meta.dirname, "main.ts")], {
    env: {
      PATH: process.env.PATH,
      NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE,
      BATON_PORT: String(ports.lens),
      LENS_OTLP_HTTP_PORT: String(ports.otlpHttp),
      LENS_OTLP_GRPC_PORT: String(ports.otlpGrpc),
      LENS_DATA_DIR: dir,
      // Small enough that parts go while it is killed.
      LENS_STORE_BYTES: String(8 * 1024 * 1024),
    },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let said = "";
  child.stdout?.on("data", (chunk: Buffer) => (said += chunk));
  const [url, otlpUrl] = [`http://127.0.0.1:${ports.lens}`, `http://127.0.0.1:${ports.otlpHttp}`];
  await eventually("lens to be ready", async () => ((await fetch(`${url}/healthz`)).ok ? true : undefined));
  return { child, url, otlpUrl, said: () => said };
}

/** How many items it says to have lost. */
const toldOf = ({ said }: Running): number => Number(/"items":(\d+).*lens was killed/.exec(said())?.[1] ?? 0);

/** A request with one trace of its own, which says its number. */
const request = (n: number): Uint8Array<ArrayBuffer> => {
  const spans = Array.from({ length: SPANS }, (_, i) => ({
    traceId: trace(n),
    spanId: span(i + 1),
    name: `operation ${i % 9}`,
    attributes: [{ key: "text", value: { stringValue: `${crypto.randomUUID()}${n}` } }],
  }));
  return Uint8Array.from(encodeJson("TracesRequest", { resourceSpans: [{ scopeSpans: [{ spans }] }] }));
};

/**
 * The traces that the store in `dir` holds, by number, and the first number that it must hold. Throws unless the
 * database is whole.
 */
function tracesIn(
  dir: string,
  where: string,
): { readonly held: ReadonlySet<number>; readonly first: number } {
  const database = new DatabaseSync(databaseIn(dir));
  try {
    const check = database.prepare("PRAGMA integrity_check").get();
    expect(check, where).toEqual({ integrity_check: "ok" });
    const rows = database.prepare("SELECT id FROM trace").all();
    const held = new Set(
      rows.map(({ id }) => Number.parseInt(Buffer.from(id as Uint8Array).toString("hex"), 16)),
    );
    const madeRoom = Number(database.prepare("SELECT min(seq) AS seq FROM trace").get()?.seq ?? 0) > 1;
    return { held, first: madeRoom ? Math.min(...held) + OVERTAKEN : 0 };
  } finally {
    database.close();
  }
}

/**
 * Sends to `lens` until so many requests more are answered, and kills it. Resolves to when, once all of it has ended.
 */
async function killedAfter(count: number, lens: Running, send: () => Promise<boolean>): Promise<number> {
  const ended = once(lens.child, "exit");
  let left = count;
  let killedAt = 0;
  const connection = async (): Promise<void> => {
    while (killedAt === 0) {
      if (!(await send()) || --left > 0 || killedAt > 0) continue;
      lens.child.kill("SIGKILL");
      killedAt = performance.now();
    }
  };
  await Promise.all([...Array.from({ length: CONNECTIONS }, connection), ended]);
  return killedAt;
}

test(`lens is killed at ${MOMENTS} moments and loses nothing that was answered more than a second before`, async () => {
  const dir = newFolder();
  const luck = chance(seed);
  /** When each trace was answered, of those that are looked for. */
  const answered = new Map<number, number>();
  let number = 0;
  let lost = 0;
  for (let moment = 1; moment <= MOMENTS; moment++) {
    const where = `seed ${seed}, moment ${moment}`;
    const lens = await start(dir);
    expect(toldOf(lens), where).toBeGreaterThanOrEqual(lost * SPANS);
    const killedAt = await killedAfter(luck.below(MOST_REQUESTS), lens, async () => {
      const n = ++number;
      const headers = { "content-type": "application/x-protobuf" };
      const sent = { method: "POST", body: request(n), headers };
      const response = await fetch(`${lens.otlpUrl}/v1/traces`, sent).catch(() => null);
      if (response?.status !== 200) return false;
      answered.set(n, performance.now());
      return true;
    });
    const { held, first } = tracesIn(dir, where);
    for (const n of answered.keys()) if (n < first) answered.delete(n);
    const missing = [...answered].filter(([n]) => !held.has(n));
    for (const [n, atMs] of missing)
      expect(killedAt - atMs, `${where}, trace ${n}`).toBeLessThan(SAFE_AFTER_MS);
    // What is lost is not looked for again.
    for (const [n] of missing) answered.delete(n);
    lost = missing.length;
  }
  const last = await start(dir);
  expect(toldOf(last), `seed ${seed}, after the last moment`).toBeGreaterThanOrEqual(lost * SPANS);
  last.child.kill("SIGTERM");
  await once(last.child, "exit");
  expect(answered.size).toBeGreaterThan(MOMENTS);
});
