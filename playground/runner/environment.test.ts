import { describe, expect, it } from "vitest";
import type { Service } from "../../services/declare.ts";
import { lens, services } from "../../services/topology.ts";
import { copyFromEnvironment } from "../copy.ts";
import {
  type EnvironmentInput,
  lensEnvironment,
  passedOn,
  reachesLens,
  serviceEnvironment,
} from "./environment.ts";
import { portsFor } from "./ports.ts";

const input: EnvironmentInput = {
  ports: portsFor(100),
  dir: "/state",
  natsUrl: "nats://n",
  redisUrl: "redis://r",
  databases: [
    { service: "orders", url: "postgres://orders" },
    { service: "payments", url: "postgres://payments" },
  ],
  user: {},
  extra: {},
};

function part(name: string): Service {
  const found = services.find((service) => service.name === name);
  if (!found) throw new Error(name);
  return found;
}

describe("the environment of a service", () => {
  it("has its port, the addresses of its servers, and those of every other service", () => {
    expect(serviceEnvironment(part("orders"), input)).toMatchObject({
      BATON_SERVICE: "orders",
      BATON_PORT: "8181",
      BATON_NATS_URL: "nats://n",
      BATON_PAYMENTS_URL: "http://127.0.0.1:8183",
      BATON_FAULTS: "1",
      OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:4418",
    });
  });

  it("has its own database and no other", () => {
    expect(serviceEnvironment(part("orders"), input).BATON_POSTGRES_URL).toBe("postgres://orders");
    expect(serviceEnvironment(part("gateway"), input)).not.toHaveProperty("BATON_POSTGRES_URL");
  });

  it("has no server that the service does not need", () => {
    for (const { name, servers } of services) {
      const env = serviceEnvironment(part(name), input);
      const needs: readonly string[] = servers;
      expect("BATON_REDIS_URL" in env, name).toBe(needs.includes("redis"));
      expect("BATON_NATS_URL" in env, name).toBe(needs.includes("nats"));
    }
  });

  it("has the user's own settings, also where the playground has another default", () => {
    const user = { BATON_FAULTS: "0", BATON_EDGE_TRACE: "restart" };
    expect(serviceEnvironment(part("orders"), { ...input, user })).toMatchObject(user);
  });

  it("takes what is obeyed of OpenTelemetry's own variables from the user", () => {
    const user = {
      OTEL_TRACES_SAMPLER: "always_off",
      OTEL_SPAN_LINK_COUNT_LIMIT: "8",
      OTEL_BSP_EXPORT_TIMEOUT: " ",
    };
    const env = serviceEnvironment(part("orders"), {
      ...input,
      user: { ...user, OTEL_SERVICE_NAME: "myapp", OTEL_PYTHON_LOG_LEVEL: "debug" },
    });
    expect(env).toMatchObject({ OTEL_TRACES_SAMPLER: "always_off", OTEL_SPAN_LINK_COUNT_LIMIT: "8" });
    for (const name of ["OTEL_SERVICE_NAME", "OTEL_PYTHON_LOG_LEVEL", "OTEL_BSP_EXPORT_TIMEOUT"])
      expect(env).not.toHaveProperty(name);
  });

  it("has the endpoint that goes with the protocol, for all signals and for one", () => {
    const of = (user: NodeJS.ProcessEnv) => serviceEnvironment(part("orders"), { ...input, user });
    expect(of({ OTEL_EXPORTER_OTLP_PROTOCOL: "grpc" })).toMatchObject({
      OTEL_EXPORTER_OTLP_PROTOCOL: "grpc",
      OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:4417",
    });
    const mixed = {
      OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: "grpc",
      OTEL_EXPORTER_OTLP_LOGS_PROTOCOL: "http/json",
    };
    expect(of(mixed)).toMatchObject({
      ...mixed,
      OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:4418",
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "http://127.0.0.1:4417",
      OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: "http://127.0.0.1:4418/v1/logs",
    });
  });

  it("sends to lens also where the user names a backend, and has no key of that backend", () => {
    const user = {
      OTEL_EXPORTER_OTLP_ENDPOINT: "https://backend.example:4317",
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "https://traces.example",
      OTEL_EXPORTER_OTLP_PROTOCOL: "grpc",
      OTEL_EXPORTER_OTLP_HEADERS: "api-key=hunter2",
      OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: "delta",
    };
    const env = serviceEnvironment(part("orders"), { ...input, user });
    const exporter = Object.entries(env).filter(([name]) => name.startsWith("OTEL_EXPORTER_OTLP_"));
    expect(Object.fromEntries(exporter)).toEqual({
      OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:4418",
      OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: "delta",
    });
  });

  it("is overridden by the extra variables of the caller", () => {
    const extra = { BATON_ASYNC: "link" };
    expect(
      serviceEnvironment(part("orders"), { ...input, user: { BATON_ASYNC: "parent" }, extra }).BATON_ASYNC,
    ).toBe("link");
  });

  it("takes no foreign variables", () => {
    const user = {
      DATABASE_URL: "postgres://precious",
      PGPASSWORD: "secret",
      NODE_OPTIONS: "--inspect",
      BATON_REDIS_URL: "redis://x",
    };
    expect(passedOn(user)).toEqual({});
  });
});

describe("the environment of lens", () => {
  it("has its three ports", () => {
    expect(lensEnvironment(input)).toMatchObject({
      BATON_PORT: "4100",
      LENS_OTLP_HTTP_PORT: "4418",
      LENS_OTLP_GRPC_PORT: "4417",
    });
    expect(lens.port).toBe(4000);
  });

  it("has the user's settings of lens, but not the ports", () => {
    const user = { LENS_STORE_BYTES: "2000000", LENS_INDEX: "", LENS_OTLP_HTTP_PORT: "1" };
    const env = lensEnvironment({ ...input, user });
    expect(env).toMatchObject({ LENS_STORE_BYTES: "2000000", LENS_OTLP_HTTP_PORT: "4418" });
    expect(env).not.toHaveProperty("LENS_INDEX");
  });

  it("says where a copy goes, and which proxy leads there", () => {
    const user = {
      OTEL_EXPORTER_OTLP_ENDPOINT: "https://backend.example",
      OTEL_EXPORTER_OTLP_HEADERS: "api-key=hunter2",
      NODE_USE_ENV_PROXY: "1",
      HTTPS_PROXY: "http://proxy.example:3128",
    };
    const copy = copyFromEnvironment(user, []);
    const env = lensEnvironment({ ...input, user, copy });
    expect(env).toMatchObject({
      LENS_FORWARD_URL: "https://backend.example",
      LENS_FORWARD_HEADERS: "api-key=hunter2",
      NODE_USE_ENV_PROXY: "1",
      HTTPS_PROXY: "http://proxy.example:3128",
    });
    expect(Object.keys(env).filter((name) => name.startsWith("OTEL_"))).toEqual([]);
    expect(serviceEnvironment(part("orders"), { ...input, user })).not.toHaveProperty("HTTPS_PROXY");
  });
});

describe("spans", () => {
  it("reach lens unless telemetry is off or they are not sent by OTLP", () => {
    expect(reachesLens({})).toBe(true);
    expect(reachesLens({ OTEL_EXPORTER_OTLP_ENDPOINT: "http://collector:4318" })).toBe(true);
    expect(reachesLens({ OTEL_TRACES_EXPORTER: "console,otlp" })).toBe(true);
    expect(reachesLens({ OTEL_TRACES_EXPORTER: "console" })).toBe(false);
    expect(reachesLens({ OTEL_TRACES_EXPORTER: "otlp,none" })).toBe(false);
    expect(reachesLens({ BATON_TELEMETRY: "off" })).toBe(false);
    expect(reachesLens({ OTEL_SDK_DISABLED: "True" })).toBe(false);
  });
});
