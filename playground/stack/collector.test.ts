import { readFile } from "node:fs/promises";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { copyFromEnvironment } from "../copy.ts";
import { portsFor } from "../runner/ports.ts";
import { COLLECTOR_VERSION, cacheKey } from "./catalogue.ts";
import { collectorEnvironment, collectorPart, collectorSettings, copySettings } from "./collector.ts";
import { stackPortsFor } from "./ports.ts";
import { targets } from "./prometheus.ts";

const root = path.resolve(import.meta.dirname, "../..");
const read = (file: string): Promise<string> => readFile(path.join(root, "collector", file), "utf8");
const input = {
  root,
  dir: "/state",
  ports: portsFor(100),
  stack: stackPortsFor(100),
  redisUrl: "redis://:p%40ss@127.0.0.1:16479",
  postgresUrl: "postgres://baton:secret@127.0.0.1:15532/postgres",
  user: {},
  copy: null,
};

describe("the Collector's environment", () => {
  it("moves every port by the offset, and names the servers with their passwords", () => {
    expect(collectorEnvironment(input)).toMatchObject({
      BATON_OTLP_HTTP_PORT: "4418",
      BATON_LENS_OTLP_URL: "http://127.0.0.1:4420",
      BATON_JAEGER_OTLP_ENDPOINT: "127.0.0.1:14417",
      BATON_REDIS_ENDPOINT: "127.0.0.1:16479",
      BATON_REDIS_PASSWORD: "p@ss",
      BATON_POSTGRES_USER: "baton",
    });
  });

  it("has a name for every variable of collector.yaml, and no other", async () => {
    const said = {
      BATON_TAIL_SAMPLING: "true",
      BATON_TAIL_SAMPLING_PERCENT: "5",
      BATON_TAIL_SAMPLING_WAIT: "1s",
    };
    const bounds = { BATON_COLLECTOR_MEMORY_MIB: "100", BATON_COLLECTOR_QUEUE_BYTES: "1000" };
    const user = {
      ...said,
      ...bounds,
      BATON_COLLECTOR_LOG_LEVEL: "warn",
      BATON_OTLP_ORIGINS: '["https://a.example"]',
    };
    const used = [...(await read("collector.yaml")).matchAll(/\$\{env:(\w+)/g)].map(([, name]) => name);
    expect(Object.keys(collectorEnvironment({ ...input, user })).toSorted()).toEqual(
      [...new Set(used)].toSorted(),
    );
  });

  it("has a copy where one is asked for: its address, its key as a map, its files, and the file of its protocol", () => {
    const copy = copyFromEnvironment(
      {
        OTEL_EXPORTER_OTLP_ENDPOINT: "https://backend.example:4317",
        OTEL_EXPORTER_OTLP_PROTOCOL: "grpc",
        OTEL_EXPORTER_OTLP_HEADERS: "api-key=a%20$b,tenant=c",
        OTEL_EXPORTER_OTLP_CERTIFICATE: "/ca.pem",
      },
      [],
    );
    expect(copySettings(copy)).toEqual({
      BATON_COPY_URL: "https://backend.example:4317",
      BATON_COPY_HEADERS: '{"api-key":"a $$b","tenant":"c"}',
      BATON_COPY_CERTIFICATE: "/ca.pem",
    });
    const { spec } = collectorPart("otelcol", { ...input, copy });
    expect(spec.args.map((arg) => path.basename(arg))).toEqual(["collector.yaml", "copy-grpc.yaml"]);
    expect(spec.args.join()).not.toContain("b,tenant");
    expect(collectorPart("otelcol", input).spec.args).toHaveLength(1);
  });

  it("refuses a backend for one signal, which a copy by the Collector has not", () => {
    const copy = copyFromEnvironment({ OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: "https://logs.example" }, []);
    expect(() => copySettings(copy)).toThrow(/unset OTEL_EXPORTER_OTLP_LOGS_ENDPOINT/);
  });

  it.each([
    ["BATON_TAIL_SAMPLING", "yes", "true or false"],
    ["BATON_TAIL_SAMPLING_PERCENT", "120", "0 to 100"],
    ["BATON_TAIL_SAMPLING_WAIT", "10", "a duration"],
    ["BATON_COLLECTOR_MEMORY_MIB", "lots", "a whole number"],
    ["BATON_COLLECTOR_QUEUE_BYTES", "0", "a whole number"],
    ["BATON_COLLECTOR_LOG_LEVEL", "loud", "debug, info"],
    ["BATON_OTLP_ORIGINS", "https://app.example", "a list such as"],
  ])("refuses %s=%s by name", (name, value, words) => {
    const refused = () => collectorSettings({ [name]: value });
    expect(refused).toThrow(expect.objectContaining({ code: "usage" }));
    expect(refused).toThrow(new RegExp(`${name} must be .*${words}.*"${value}"`));
  });
});

describe("every address and bound of the Collectors", () => {
  it.each([
    "collector.yaml",
    "loki.yaml",
    "jaeger.yaml",
    "scaled/tier-one.yaml",
    "scaled/tier-two.yaml",
    "scaled/servers.yaml",
  ])("has a preset in %s", async (file) => {
    const without = [...(await read(file)).matchAll(/\$\{env:\w+\}/g)].map(([text]) => text);
    expect(without).toEqual([]);
  });
});

describe("the slim Collector", () => {
  it("is of one release, the one that is built, and so is compose's", async () => {
    const manifest = await read("builder.yaml");
    const versions = [...manifest.matchAll(/^ {2}- gomod: \S+ v(\S+)$/gm)].map(([, version]) => version);
    expect(versions.length).toBeGreaterThan(10);
    // The configuration's providers are stable modules with versions of their own.
    expect(new Set(versions.filter((version) => version?.startsWith("0.")))).toEqual(
      new Set([COLLECTOR_VERSION]),
    );
    const compose = await readFile(path.join(root, "compose.yaml"), "utf8");
    expect(compose).toContain(`otel/opentelemetry-collector-contrib:${COLLECTOR_VERSION}`);
  });

  it("is kept under a name that changes with its manifest", async () => {
    expect(await cacheKey("otelcol", root)).toMatch(
      new RegExp(`^otelcol-${COLLECTOR_VERSION}-[0-9a-f]{12}-${process.platform}`),
    );
  });
});

describe("the stack's ports", () => {
  it("are refused when the offset moves them past the last port", () => {
    expect(() => stackPortsFor(48_850)).toThrow(/at most 48849 with --full/);
    expect(stackPortsFor(48_849).jaeger).toBe(65_535);
  });

  it("are Prometheus' targets, under the jobs that the dashboards ask for", () => {
    const jobs = JSON.parse(targets(4100, stackPortsFor(100))) as {
      targets: string[];
      labels: { job: string };
    }[];
    expect(jobs.map(({ labels, targets: [target] }) => `${labels.job} ${target}`)).toEqual([
      "lens 127.0.0.1:4100",
      "otelcol 127.0.0.1:8988",
      "prometheus 127.0.0.1:9190",
    ]);
  });
});
