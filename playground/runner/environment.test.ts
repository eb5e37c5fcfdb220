import { describe, expect, it } from "vitest";
import type { Service } from "../../services/declare.ts";
import { lens, services } from "../../services/topology.ts";
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
  it("tells its port, where its servers are, and where every other service is", () => {
    expect(serviceEnvironment(part("orders"), input)).toMatchObject({
      BATON_SERVICE: "orders",
      BATON_PORT: "8181",
      BATON_NATS_URL: "nats://n",
      BATON_PAYMENTS_URL: "http://127.0.0.1:8183",
      BATON_FAULTS: "1",
      OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:4418",
    });
  });

  it("holds its own database and nobody else's", () => {
    expect(serviceEnvironment(part("orders"), input).BATON_POSTGRES_URL).toBe("postgres://orders");
    expect(serviceEnvironment(part("gateway"), input)).not.toHaveProperty("BATON_POSTGRES_URL");
  });

  it("holds no server that the service does not need", () => {
    for (const { name, servers } of services) {
      const env = serviceEnvironment(part(name), input);
      const needs: readonly string[] = servers;
      expect("BATON_REDIS_URL" in env, name).toBe(needs.includes("redis"));
      expect("BATON_NATS_URL" in env, name).toBe(needs.includes("nats"));
    }
  });

  it("leaves OpenTelemetry's own variables to the user, who wins", () => {
    const user = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://collector:4318", OTEL_TRACES_SAMPLER: "always_off" };
    expect(serviceEnvironment(part("orders"), { ...input, user })).toMatchObject(user);
  });

  it("leaves the last word to whoever starts the playground", () => {
    const extra = { BATON_ASYNC: "link" };
    expect(
      serviceEnvironment(part("orders"), { ...input, user: { BATON_ASYNC: "parent" }, extra }).BATON_ASYNC,
    ).toBe("link");
  });

  it("takes nothing of a stranger's", () => {
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
  it("tells its three ports", () => {
    expect(lensEnvironment(input)).toMatchObject({
      BATON_PORT: "4100",
      LENS_OTLP_HTTP_PORT: "4418",
      LENS_OTLP_GRPC_PORT: "4417",
    });
    expect(lens.port).toBe(4000);
  });

  it("holds what a user says to lens, but not the ports", () => {
    const user = { LENS_STORE_BYTES: "1000000", LENS_HOSTS: "", LENS_OTLP_HTTP_PORT: "1" };
    const env = lensEnvironment({ ...input, user });
    expect(env).toMatchObject({ LENS_STORE_BYTES: "1000000", LENS_OTLP_HTTP_PORT: "4418" });
    expect(env).not.toHaveProperty("LENS_HOSTS");
  });

  it("holds the shop's words, unless a user has others", () => {
    const words = { LENS_EDGES: "gateway", LENS_INDEX: "baton.order.id", LENS_LINK_REASON: "baton.link" };
    expect(lensEnvironment(input)).toMatchObject(words);
    const user = { LENS_INDEX: "user.id", LENS_LINK_REASON: "" };
    expect(lensEnvironment({ ...input, user })).toMatchObject({ ...words, LENS_INDEX: "user.id" });
  });
});

describe("spans", () => {
  it("reach lens unless they are sent elsewhere or not at all", () => {
    expect(reachesLens({})).toBe(true);
    expect(reachesLens({ OTEL_EXPORTER_OTLP_ENDPOINT: "http://collector:4318" })).toBe(false);
    expect(reachesLens({ BATON_TELEMETRY: "off" })).toBe(false);
    expect(reachesLens({ OTEL_SDK_DISABLED: "true" })).toBe(false);
  });
});
