import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { readConfig as readLensConfig } from "../collector/lens/config.ts";
import { exportersFrom } from "../services/_kit/sdk/exporters.ts";
import { readTelemetrySettings } from "../services/_kit/sdk/settings.ts";
import { checkEnvironment, distance, unknownVariables, VARIABLES, wrongVariables } from "./variables.ts";

const root = path.dirname(import.meta.dirname);

/** A right and a wrong value for variables that the services and lens check themselves, too. */
const JUDGED: readonly [name: string, right: string, wrong: string][] = [
  ["BATON_ASYNC", "link", "foo"],
  ["BATON_ASYNC", "parent+link", "both"],
  ["BATON_TELEMETRY", "off", "no"],
  ["BATON_INSTRUMENTATION", "auto", "all"],
  ["BATON_DATABASE_SPANS", "all", "none"],
  ["BATON_EDGE_TRACE", "restart", "stop"],
  ["LENS_STORE_BYTES", "1048576", "1048575"],
  ["LENS_STORE_BYTES", "2000000", "1500000.5"],
  ["LENS_STORE_HOURS", "1", "0"],
  ["LENS_MAX_REQUEST_BYTES", "1024", "1023"],
  ["OTEL_TRACES_EXPORTER", "none", "zipkin"],
  ["OTEL_EXPORTER_OTLP_PROTOCOL", "grpc", "carrier-pigeon"],
  ["OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "http/json", "http"],
  ["OTEL_LOGS_EXPORTER", "otlp,console", "file"],
  ["OTEL_PROPAGATORS", "tracecontext,baggage,b3multi", "tracecontext"],
  ["OTEL_SDK_DISABLED", "TRUE", "yes"],
];

async function services(env: NodeJS.ProcessEnv): Promise<void> {
  readTelemetrySettings(env);
  readLensConfig(env);
  await exportersFrom(env);
}

describe("a wrong value", () => {
  it.each([
    [{ BATON_PORT_OFFSET: "abc" }, /^BATON_PORT_OFFSET must be a whole number from 0 to \d+, not "abc"$/],
    [{ BATON_PORT_OFFSET: "-1" }, /not "-1"$/],
    [{ BATON_PORT_OFFSET: "60000" }, /not "60000"$/],
    [{ BATON_ASYNC: "foo" }, /^BATON_ASYNC must be parent\+link, parent or link, not "foo"$/],
    [{ OTEL_TRACES_SAMPLER: "sometimes" }, /^OTEL_TRACES_SAMPLER must be .*traceidratio.*, not "sometimes"$/],
    [{ OTEL_TRACES_SAMPLER_ARG: "1.5" }, /from 0 to 1, not "1.5"$/],
    [
      { LENS_STORE_BYTES: "a lot" },
      /^LENS_STORE_BYTES must be a whole number of 1048576 or more, not "a lot"$/,
    ],
    [{ BATON_LOG_LEVEL: "loud\u0007" }, /not "loud\\u0007"$/],
  ])("%j is named with its variable and what is allowed", (env, says) => {
    expect(wrongVariables(env)).toEqual([{ name: Object.keys(env)[0], says: expect.stringMatching(says) }]);
    expect(() => checkEnvironment(env, () => {})).toThrow(expect.objectContaining({ code: "environment" }));
  });

  it("that may hold a password is not shown", () => {
    const env = { BATON_POSTGRES_URL: "mysql://root:hunter2@db", BATON_NATS_URL: "hunter2" };
    const says = wrongVariables(env).map((finding) => finding.says);
    expect(says).toHaveLength(2);
    expect(says.join()).not.toContain("hunter2");
  });

  it("does not count as one when it is empty, as in the services", () => {
    const env = Object.fromEntries(VARIABLES.map(({ name }) => [name, ""]));
    expect(wrongVariables(env)).toEqual([]);
  });

  it.each(JUDGED)(
    "of %s is wrong for the services and lens, too: right %j, wrong %j",
    async (name, right, wrong) => {
      expect(wrongVariables({ [name]: right })).toEqual([]);
      await expect(services({ [name]: right })).resolves.toBeUndefined();
      expect(wrongVariables({ [name]: wrong })).toHaveLength(1);
      await expect(services({ [name]: wrong })).rejects.toThrow(name);
    },
  );
});

describe("a name that nothing reads", () => {
  it.each([
    ["BATON_ASYNCH", "BATON_ASYNC"],
    ["BATON_PORT_OFSET", "BATON_PORT_OFFSET"],
    ["BATON_TELEMETERY", "BATON_TELEMETRY"],
  ])("%s is a typo of %s", (name, meant) => {
    const warned: string[] = [];
    checkEnvironment({ [name]: "link" }, (line) => warned.push(line));
    expect(warned).toEqual([`nothing reads ${name}; did you mean ${meant}?`]);
  });

  it("is reported without its value when it resembles no known name", () => {
    expect(unknownVariables({ BATON_XYZZY_PLUGH: "secret" })).toEqual([
      { name: "BATON_XYZZY_PLUGH", says: "nothing reads BATON_XYZZY_PLUGH" },
    ]);
  });

  it("is ignored without our prefix", () => {
    expect(unknownVariables({ ASYNC: "x", MY_BATON_ASYNC: "x" })).toEqual([]);
  });
});

it("every BATON_ name that the project reads is known", async () => {
  const folders = ["services", "playground", "load", "collector"];
  const files = ["compose.yaml"];
  for (const folder of folders) {
    const entries = await readdir(path.join(root, folder), { recursive: true, withFileTypes: true });
    for (const entry of entries) {
      const file = path.join(path.relative(root, entry.parentPath), entry.name);
      if (entry.isFile() && /\.(ts|cjs|yaml)$/.test(file) && !/\.(test|fixture)\.ts$/.test(file))
        files.push(file);
    }
  }
  const text = (await Promise.all(files.map((file) => readFile(path.join(root, file), "utf8")))).join("\n");
  // Streams share the prefix.
  const streams = new Set([...text.matchAll(/_STREAM = "(\w+)"/g)].map(([, name]) => name));
  const names = new Set(text.match(/\bBATON_[A-Z_]*[A-Z]\b/g));
  const read = Object.fromEntries([...names].filter((name) => !streams.has(name)).map((name) => [name, "1"]));
  expect(unknownVariables(read)).toEqual([]);
});

it.each([
  ["", "", 0],
  ["abc", "abc", 0],
  ["abc", "ab", 1],
  ["kitten", "sitting", 3],
])("%j and %j are %i edits apart", (a, b, n) => {
  expect(distance(a, b)).toBe(n);
  expect(distance(b, a)).toBe(n);
});
