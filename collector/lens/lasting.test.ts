/** What is stored lasts: over a stop, over a kill, over a file that cannot be used, over a disk that takes nothing. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { eventually } from "../../tests/fixtures.ts";
import { readConfig } from "./config.ts";
import { ANY_PORTS } from "./lens.fixture.ts";
import { oneSpan, textAttribute } from "./otlp/requests.fixture.ts";
import { type Lens, startLens } from "./server.ts";
import { databaseIn } from "./store/files.ts";
import { DatabaseSync } from "./store/sqlite.ts";
import { newFolder, trace } from "./store/store.fixture.ts";
import { Answered } from "./threads/answered.ts";

let dir = "";
let said: Record<string, unknown>[] = [];
let running: Lens[] = [];
beforeEach(() => {
  dir = newFolder();
  said = [];
});
afterEach(async () => {
  for (const lens of running.splice(0)) await lens.stop();
});

async function start(): Promise<Lens> {
  const log = pino({}, { write: (line: string) => void said.push(JSON.parse(line)) });
  const lens = await startLens(readConfig({ ...ANY_PORTS, LENS_DATA_DIR: dir }), log);
  running.push(lens);
  return lens;
}

async function stop(lens: Lens): Promise<void> {
  running = running.filter((one) => one !== lens);
  await lens.stop();
}

const post = (lens: Lens, signal: string, body: object): Promise<Response> =>
  fetch(`${lens.otlpHttpUrl}/v1/${signal}`, {
    method: "POST",
    body: JSON.stringify(body),
    headers: { "content-type": "application/json" },
  });
const send = async (lens: Lens, n: number): Promise<void> => {
  const attributes = [textAttribute("correlation.id", `c${n}`)];
  expect((await post(lens, "traces", oneSpan({ traceId: trace(n), attributes }))).status).toBe(200);
};
const lines = (text: string) => said.filter(({ msg }) => String(msg).includes(text));

test("what is stored when lens stops is there when it starts again, in its order, with its log records", async () => {
  const first = await start();
  for (let n = 1; n <= 3; n++) {
    await send(first, n);
    const attributes = [textAttribute("correlation.id", `c${n}`)];
    const record = { attributes, body: { stringValue: "x" } };
    await post(first, "logs", { resourceLogs: [{ scopeLogs: [{ logRecords: [record] }] }] });
  }
  const paths = [
    "/api/journeys",
    "/api/journeys/c2?logs=true",
    `/api/v3/traces/${trace(3)}`,
    "/api/v3/services",
  ];
  const answers = async ({ url }: Lens) =>
    Promise.all(paths.map(async (one) => (await fetch(url + one)).text()));
  const before = await answers(first);
  await stop(first);
  const second = await start();
  expect(await answers(second)).toEqual(before);
  const metrics = await (await fetch(`${second.url}/metrics`)).text();
  expect(metrics).toContain('lens_received_total{signal="traces"} 3\n');
  expect(metrics).toContain('lens_stored_total{signal="traces"} 3\n');
  expect(lines("missing")).toEqual([]);
});

test("without a folder for it nothing is left behind", async () => {
  vi.stubEnv("TMPDIR", dir);
  try {
    const lens = await startLens(readConfig(ANY_PORTS));
    await send(lens, 1);
    expect(readdirSync(dir)).toHaveLength(1);
    await lens.stop();
    expect(readdirSync(dir)).toEqual([]);
  } finally {
    vi.unstubAllEnvs();
  }
});

test("what was answered and never stored, because lens was killed, is said by its number, once", async () => {
  await stop(await start());
  const answered = new Answered(dir);
  answered.total += 7;
  answered.close();
  await stop(await start());
  expect(lines("lens was killed")).toMatchObject([{ items: 7 }]);
  await stop(await start());
  expect(lines("lens was killed")).toHaveLength(1);
});

describe("a store that cannot be used is set aside and said so in one line", () => {
  const versionOf = (version: number) => (): void => {
    const database = new DatabaseSync(databaseIn(dir));
    database.exec(`PRAGMA user_version = ${version}`);
    database.close();
  };
  test.each([
    ["it is of version 0", "lens.db", versionOf(0)],
    ["it is of version 999", "lens.db", versionOf(999)],
    ["it is broken", "lens.db", () => writeFileSync(databaseIn(dir), "x".repeat(100_000))],
    [
      "it is not a store of lens",
      "lens.db",
      () => {
        const database = new DatabaseSync(databaseIn(dir));
        database.exec("PRAGMA application_id = 1");
        database.close();
      },
    ],
    [
      "it is of an older version",
      "lens.kept",
      () => writeFileSync(path.join(dir, "lens.kept"), "baton lens 1\n"),
    ],
  ])("when of it is to be said that %s", async (why, file, damage) => {
    const first = await start();
    await send(first, 1);
    await stop(first);
    damage();
    const damaged = readFileSync(path.join(dir, file));
    const second = await start();
    const about = lines("set aside");
    expect(about).toHaveLength(1);
    expect(about[0]).toMatchObject({ file: path.join(dir, file), why: expect.stringContaining(why) });
    expect(readFileSync(path.join(dir, `${file}.aside`)).equals(damaged)).toBe(true);
    await send(second, 2);
    expect((await fetch(`${second.url}/api/v3/traces/${trace(2)}`)).status).toBe(200);
    await stop(second);
  });
});

test("a folder that another lens has is named, and nothing is left listening", async () => {
  await start();
  await expect(start()).rejects.toThrow(`another lens has its store in ${dir}`);
});

test("while the disk takes nothing, what comes is refused for now, queries go on, and it is said once", async () => {
  const lens = await start();
  await send(lens, 1);
  expect((await fetch(`${lens.url}/api/v3/traces/${trace(1)}`)).status).toBe(200);
  // Another that writes keeps the file: to lens that is a disk that takes nothing.
  const other = new DatabaseSync(databaseIn(dir));
  other.exec("BEGIN IMMEDIATE");
  await send(lens, 2);
  const refused = await eventually("a request to be refused", async () => {
    const response = await post(lens, "traces", oneSpan({ traceId: trace(3) }));
    return response.status === 200 ? undefined : response;
  });
  expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "1"]);
  expect(await refused.json()).toMatchObject({ code: 14, details: [{ retryDelay: "1s" }] });
  expect((await fetch(`${lens.url}/api/v3/traces/${trace(1)}`)).status).toBe(200);
  other.exec("COMMIT");
  other.close();
  await eventually("requests to be taken again", async () =>
    (await post(lens, "traces", oneSpan({ traceId: trace(4) }))).status === 200 ? true : undefined,
  );
  for (const n of [2, 4])
    expect((await fetch(`${lens.url}/api/v3/traces/${trace(n)}`)).status, `${n}`).toBe(200);
  expect(lines("nothing can be stored")).toHaveLength(1);
  expect(lines("can be stored again")).toHaveLength(1);
  expect(existsSync(databaseIn(dir))).toBe(true);
});
