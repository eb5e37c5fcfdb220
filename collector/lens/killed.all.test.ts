/**
 * `kill -9` of lens at seeded moments under load: what was answered more than a second before is there, what is missing
 * is said by its number, and the database is whole. Another seed: LENS_KILL_SEED=7.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import { freePorts } from "../../playground/runner/ports.ts";
import { chance } from "../../tests/crash/seeded.ts";
import { eventually } from "../../tests/fixtures.ts";
import { patient } from "../../tests/patience.ts";
import { encodeJson } from "./otlp/json/in.ts";
import { databaseIn } from "./store/files.ts";
import { DatabaseSync } from "./store/sqlite.ts";
import { newFolder, span, trace } from "./store/store.fixture.ts";

const MOMENTS = 20;
const SPANS = 50;
const CONNECTIONS = 4;
const SAFE_AFTER_MS = 1_000;
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

test(`lens is killed at ${MOMENTS} moments and loses nothing that was answered more than a second before`, async () => {
  const dir = newFolder();
  const luck = chance(seed);
  /** When each trace was answered. */
  const answered = new Map<number, number>();
  let number = 0;
  for (let moment = 1; moment <= MOMENTS; moment++) {
    const lens = await start(dir);
    const ended = once(lens.child, "exit");
    let isKilled = false;
    const connection = async (): Promise<void> => {
      while (!isKilled) {
        const n = ++number;
        const body = request(n);
        const headers = { "content-type": "application/x-protobuf" };
        const response = await fetch(`${lens.otlpUrl}/v1/traces`, { method: "POST", body, headers }).catch(
          () => null,
        );
        if (response?.status === 200) answered.set(n, performance.now());
      }
    };
    const sending = Array.from({ length: CONNECTIONS }, connection);
    await delay(patient(500) + luck.below(patient(500)));
    lens.child.kill("SIGKILL");
    const killedAt = performance.now();
    isKilled = true;
    await Promise.all([...sending, ended]);

    const database = new DatabaseSync(databaseIn(dir));
    const check = database.prepare("PRAGMA integrity_check").get();
    const rows = database.prepare("SELECT id FROM trace").all();
    const evicted = Number(database.prepare("SELECT min(seq) AS seq FROM trace").get()?.seq ?? 0) > 1;
    database.close();
    expect(check, `seed ${seed}, moment ${moment}`).toEqual({ integrity_check: "ok" });
    const there = new Set(
      rows.map(({ id }) => Number.parseInt(Buffer.from(id as Uint8Array).toString("hex"), 16)),
    );
    const oldest = evicted ? Math.min(...there) + 100 : 0;
    const lost = [...answered].filter(([n]) => n >= oldest && !there.has(n));
    for (const [n, atMs] of lost)
      expect(killedAt - atMs, `seed ${seed}, moment ${moment}, trace ${n}`).toBeLessThan(SAFE_AFTER_MS);
    // What is lost is not looked for again.
    for (const [n] of lost) answered.delete(n);

    const after = await start(dir);
    const told = /"items":(\d+).*lens was killed/.exec(after.said())?.[1] ?? "0";
    expect(Number(told), `seed ${seed}, moment ${moment}`).toBeGreaterThanOrEqual(lost.length * SPANS);
    after.child.kill("SIGTERM");
    await once(after.child, "exit");
  }
  expect(answered.size).toBeGreaterThan(MOMENTS);
});
