import { expect, test } from "vitest";
import { instrumentations, isWanted } from "./instrumentations.ts";

const NAME = "@opentelemetry/instrumentation-pg";

test.each([
  [{}, true],
  [{ OTEL_NODE_ENABLED_INSTRUMENTATIONS: "http, pg" }, true],
  [{ OTEL_NODE_ENABLED_INSTRUMENTATIONS: "http" }, false],
  [{ OTEL_NODE_DISABLED_INSTRUMENTATIONS: "pg" }, false],
  [{ OTEL_NODE_DISABLED_INSTRUMENTATIONS: "ioredis", OTEL_NODE_ENABLED_INSTRUMENTATIONS: "" }, true],
  [{ OTEL_NODE_ENABLED_INSTRUMENTATIONS: "http,pg", OTEL_NODE_DISABLED_INSTRUMENTATIONS: "pg" }, false],
])("%j: pg is patched: %s", (env, wanted) => {
  expect(isWanted(NAME, env)).toBe(wanted);
});

test("the curated list has those that the standard lists leave", async () => {
  process.env.OTEL_NODE_DISABLED_INSTRUMENTATIONS = "pg,pino";
  try {
    const left = await instrumentations({ set: "curated", incomingHttp: true, databaseSpans: "all" });
    const names = left.map(({ instrumentationName }) => instrumentationName.split("instrumentation-")[1]);
    expect(names.toSorted()).toEqual(["http", "ioredis", "runtime-node"]);
    for (const one of left) one.disable();
  } finally {
    delete process.env.OTEL_NODE_DISABLED_INSTRUMENTATIONS;
  }
});
