import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { environment } from "./doctor/place.ts";
import { OTEL_VARIABLES } from "./otel-table.ts";
import { checkEnvironment } from "./variables.ts";

const root = path.dirname(import.meta.dirname);
const names = OTEL_VARIABLES.map(({ name }) => name);

/** The doctor's lines for this environment. */
const doctor = (env: NodeJS.ProcessEnv): string[] =>
  environment({ root, dir: root, env }).map(({ standing, says }) => `${standing}: ${says}`);

function warnings(env: NodeJS.ProcessEnv): string[] {
  const lines: string[] = [];
  checkEnvironment(env, (line) => lines.push(line));
  return lines;
}

it("the table has every variable that the SDK's packages read, each once", async () => {
  const packages = [
    ...["sdk-node", "sdk-trace", "sdk-logs", "sdk-metrics", "core", "resources", "instrumentation"],
    ...[
      "otlp-exporter-base",
      "otlp-grpc-exporter-base",
      "auto-instrumentations-node",
      "exporter-metrics-otlp-http",
    ],
  ];
  const read = new Set<string>();
  for (const one of packages) {
    const folder = path.join(root, "node_modules/@opentelemetry", one, "dist");
    for (const file of await readdir(folder, { recursive: true })) {
      if (!file.endsWith(".mjs")) continue;
      const text = await readFile(path.join(folder, file), "utf8");
      for (const [name] of text.matchAll(/\bOTEL_[A-Z0-9_]*[A-Z0-9]\b/g)) read.add(name);
    }
  }
  expect(read.size).toBeGreaterThan(40);
  // Values of an attribute, and not variables.
  const variables = [...read].filter(
    (name) => !name.startsWith("OTEL_COMPONENT_TYPE_VALUE_") && name !== "OTEL_EXPORTER_OTLP",
  );
  expect(variables.filter((name) => !names.includes(name))).toEqual([]);
  expect(new Set(names).size).toBe(names.length);
});

describe("a variable of one process", () => {
  it.each([
    [{ OTEL_SERVICE_NAME: "myapp" }, /^OTEL_SERVICE_NAME is set aside: it names one process/],
    [{ OTEL_EXPORTER_PROMETHEUS_PORT: "9464" }, /^OTEL_EXPORTER_PROMETHEUS_PORT is set aside/],
    [
      { OTEL_RESOURCE_ATTRIBUTES: "team=a, service.name=x" },
      /^service\.name in OTEL_RESOURCE_ATTRIBUTES is set aside/,
    ],
    [
      { OTEL_JAVAAGENT_ENABLED: "false" },
      /^OTEL_JAVAAGENT_ENABLED is set aside: Node's SDK does not read it$/,
    ],
    [{ OTEL_METRICS_EXEMPLAR_FILTER: "always_on" }, /is set aside: Node's SDK does not read it$/],
  ])("%j is set aside in one line, and nothing is wrong", (env, line) => {
    expect(warnings(env)).toEqual([expect.stringMatching(line)]);
    expect(doctor(env)).toEqual([`note: ${warnings(env)[0]}`]);
  });

  it("is not spoken of where it is empty, and what is obeyed is not either", () => {
    expect(
      warnings({
        OTEL_SERVICE_NAME: "",
        OTEL_RESOURCE_ATTRIBUTES: "my.service.name=x",
        OTEL_LOG_LEVEL: "WARN",
      }),
    ).toEqual([]);
  });
});

describe("what can be neither obeyed nor set aside", () => {
  it.each([
    [{ OTEL_CONFIG_FILE: "otel.yaml" }, "OTEL_CONFIG_FILE cannot be obeyed"],
    [{ OTEL_PROPAGATORS: "b3" }, "OTEL_PROPAGATORS must be"],
    [{ OTEL_TRACES_EXPORTER: "zipkin" }, "OTEL_TRACES_EXPORTER must be"],
    [{ OTEL_NODE_DISABLED_INSTRUMENTATIONS: "pg,http" }, "OTEL_NODE_DISABLED_INSTRUMENTATIONS must be"],
    [{ OTEL_NODE_ENABLED_INSTRUMENTATIONS: "pg" }, "OTEL_NODE_ENABLED_INSTRUMENTATIONS must be"],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: "collector:4317" }, "OTEL_EXPORTER_OTLP_ENDPOINT must be an address"],
    [{ OTEL_EXPORTER_OTLP_COMPRESSION: "brotli" }, "OTEL_EXPORTER_OTLP_COMPRESSION must be gzip or none"],
    [{ OTEL_EXPORTER_OTLP_LOGS_TIMEOUT: "5s" }, "OTEL_EXPORTER_OTLP_LOGS_TIMEOUT must be a whole number"],
    [{ OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT: "0" }, "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT must be"],
    [
      { OTEL_EXPORTER_OTLP_ENDPOINT: "http://c:4318", OTEL_EXPORTER_OTLP_PROTOCOL: "http/json" },
      "OTEL_EXPORTER_OTLP_PROTOCOL must be http/protobuf or grpc where an endpoint is set",
    ],
  ])("%j is refused by name, by the doctor as well", (env, says) => {
    expect(() => warnings(env)).toThrow(
      expect.objectContaining({ code: "environment", message: expect.stringContaining(says) }),
    );
    expect(doctor(env).join()).toContain(`problem: ${says}`);
  });

  it("shows no value that may hold a key", () => {
    const env = {
      OTEL_EXPORTER_OTLP_HEADERS: "hunter2",
      OTEL_EXPORTER_OTLP_ENDPOINT: "https://me:hunter2@backend.example",
    };
    expect(() => warnings(env)).toThrow(
      /HEADERS must be name=value[\s\S]*ENDPOINT|ENDPOINT[\s\S]*HEADERS must be name=value/,
    );
    expect(() => warnings(env)).not.toThrow(/hunter2/);
  });
});
