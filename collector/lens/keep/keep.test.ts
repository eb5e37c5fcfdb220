import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { pino } from "pino";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readConfig } from "../config.ts";
import { newCounters } from "../counters.ts";
import { oneSpan, textAttribute } from "../otlp/requests.fixture.ts";
import { Intake } from "../receive/intake.ts";
import { startLens } from "../server.ts";
import { Store } from "../store/store.ts";
import { writeFrames } from "./file.ts";
import { keep, takeUp } from "./keep.ts";

let dir = "";
let said = "";
beforeEach(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), "lens-keep-"));
  said = "";
});
afterEach(() => rm(dir, { recursive: true }));

const start = () =>
  startLens(
    readConfig({ BATON_PORT: "0", LENS_OTLP_HTTP_PORT: "0", LENS_OTLP_GRPC_PORT: "0", LENS_DATA_DIR: dir }),
    pino({}, { write: (line) => (said += line) }),
  );
const trace = (n: number): string => n.toString(16).padStart(32, "0");

test("what is stored when lens stops is there when it starts again, in its order, with its log records", async () => {
  const first = await start();
  const post = (signal: string, body: object) =>
    fetch(`${first.otlpHttpUrl}/v1/${signal}`, {
      method: "POST",
      body: JSON.stringify(body),
      headers: { "content-type": "application/json" },
    });
  for (let n = 1; n <= 3; n++) {
    const attributes = [textAttribute("correlation.id", `c${n}`)];
    await post("traces", oneSpan({ traceId: trace(n), attributes }));
    await post("logs", {
      resourceLogs: [{ scopeLogs: [{ logRecords: [{ attributes, body: { stringValue: "x" } }] }] }],
    });
  }
  const paths = [
    "/api/journeys",
    "/api/journeys/c2?logs=true",
    `/api/v3/traces/${trace(3)}`,
    "/api/v3/services",
  ];
  const answers = async (url: string) =>
    Promise.all(
      paths.map(async (one) => (await (await fetch(url + one)).text()).replace(/"cursor":"[^"]*"/, "")),
    );
  const before = await answers(first.url);
  await first.stop();
  expect(await readdir(dir)).toEqual(["lens.kept"]);
  const second = await start();
  expect(await answers(second.url)).toEqual(before);
  await second.stop();
});

test.each([
  ["it is of another version", async (file: string) => writeFile(file, "baton lens 2\n")],
  ["it is not whole", async (file: string) => writeFile(file, (await readFile(file)).subarray(0, -1))],
  [
    "it is broken",
    async (file: string) => {
      const bytes = await readFile(file);
      bytes[30] = (bytes[30] ?? 0) ^ 1;
      await writeFile(file, bytes);
    },
  ],
])("a file of which is to be said that %s is named in one line, and ignored", async (why, damage) => {
  const file = path.join(dir, "lens.kept");
  await writeFrames(file, [{ signal: "traces", request: Buffer.alloc(1000, "x") }]);
  await damage(file);
  const lens = await start();
  expect((await fetch(`${lens.url}/api/journeys`)).status).toBe(200);
  const lines = said.split("\n").filter((line) => line.includes("is ignored"));
  expect(lines).toHaveLength(1);
  expect(lines[0]).toContain(why);
  await lens.stop();
});

test("a large store is kept in its order, the newest first when there is no time for all", async () => {
  const silent = pino({ enabled: false });
  const filled = async (): Promise<Store> => {
    const store = new Store(1e8);
    const intake = new Intake(store, newCounters(), { index: [] });
    for (let n = 1; n <= 5000; n++)
      await intake.json("traces", Buffer.from(JSON.stringify(oneSpan({ traceId: trace(n) }))));
    return store;
  };
  const takenUp = async (): Promise<string[]> => {
    const store = new Store(1e8);
    await takeUp(new Intake(store, newCounters(), { index: [] }), dir, silent);
    return Array.from(store.newestFirst(), ({ traceId }) => traceId);
  };
  const store = await filled();
  const all = Array.from({ length: 5000 }, (_, i) => trace(5000 - i));
  await keep(store, dir, silent, 60_000);
  expect(await takenUp()).toEqual(all);
  expect(await readdir(dir)).toEqual([]);
  await keep(store, dir, silent, 0);
  expect(await takenUp()).toEqual([]);
});
