import { expect, test } from "vitest";
import { readConfig } from "./config.ts";

test("with nothing set, lens listens on this machine only, on OpenTelemetry's ports", () => {
  const expected = {
    host: "127.0.0.1",
    port: 4000,
    otlpHttpPort: 4318,
    otlpGrpcPort: 4317,
    edges: [],
    index: [],
    linkReason: "",
  };
  expect(readConfig({})).toMatchObject(expected);
  expect(readConfig({ BATON_PORT: "" })).toEqual(readConfig({}));
});

test("lists are separated by commas", () => {
  expect(
    readConfig({ LENS_INDEX: "a.id, b.id ,", LENS_EDGES: "web,api", LENS_LINK_REASON: "why" }),
  ).toMatchObject({
    index: ["a.id", "b.id"],
    edges: ["web", "api"],
    linkReason: "why",
  });
});

test("who consumes what is read by destination, and a pair that is none is named", () => {
  const { consumers } = readConfig({ LENS_CONSUMERS: "events.Made=a+b, events.Sold=c" });
  expect([...consumers]).toEqual([
    ["events.Made", ["a", "b"]],
    ["events.Sold", ["c"]],
  ]);
  expect(() => readConfig({ LENS_CONSUMERS: "events.Made" })).toThrow(/LENS_CONSUMERS: "events.Made" is not/);
});

test("every wrong value is named at once", () => {
  const wrong = { BATON_PORT: "70000", LENS_STORE_BYTES: "much", LENS_MAX_REQUEST_BYTES: "1.5" };
  expect(() => readConfig(wrong)).toThrow(/BATON_PORT: .*LENS_STORE_BYTES: .*LENS_MAX_REQUEST_BYTES: /);
});

test("where all is sent on to, and a wrong header is named without its value", () => {
  const env = { LENS_FORWARD_URL: "https://example.com:4318", LENS_FORWARD_HEADERS: "Api-Key=a%3Db, x=y" };
  expect(readConfig(env).forward?.targets.logs).toEqual({
    url: "https://example.com:4318/v1/logs",
    protocol: "http",
    headers: { "api-key": "a=b", x: "y" },
    timeoutMs: 10_000,
    gzip: true,
    tls: {},
  });
  expect(readConfig({}).forward).toBeNull();
  expect(() => readConfig({ LENS_FORWARD_URL: "ftp://example.com" })).toThrow(
    /LENS_FORWARD_URL: must be an address/,
  );
  const wrong = () => readConfig({ ...env, LENS_FORWARD_HEADERS: "a=b,secret value" });
  expect(wrong).toThrow(/LENS_FORWARD_HEADERS: entry 2 is not name=value/);
  expect(wrong).not.toThrow(/secret/);
});

test("a signal may have another backend, protocol, headers and limits than the others", () => {
  const { targets } = readConfig({
    LENS_FORWARD_URL: "https://example.com/otlp/",
    LENS_FORWARD_PROTOCOL: "grpc",
    LENS_FORWARD_HEADERS: "key=all,tenant=a",
    LENS_FORWARD_TIMEOUT: "500",
    LENS_FORWARD_LOGS_URL: "http://logs.example/in",
    LENS_FORWARD_LOGS_PROTOCOL: "http",
    LENS_FORWARD_LOGS_HEADERS: "key=logs",
    LENS_FORWARD_LOGS_COMPRESSION: "none",
  }).forward as NonNullable<ReturnType<typeof readConfig>["forward"]>;
  expect(targets.traces).toMatchObject({
    url: "https://example.com",
    protocol: "grpc",
    gzip: true,
    timeoutMs: 500,
  });
  expect(targets.logs).toEqual({
    url: "http://logs.example/in",
    protocol: "http",
    headers: { key: "logs", tenant: "a" },
    timeoutMs: 500,
    gzip: false,
    tls: {},
  });
  const only = readConfig({ LENS_FORWARD_TRACES_URL: "http://127.0.0.1:1/v1/traces" }).forward;
  expect(Object.keys(only?.targets ?? {})).toEqual(["traces"]);
});

test.each([
  [{ LENS_FORWARD_PROTOCOL: "udp" }, /LENS_FORWARD_PROTOCOL must be http or grpc/],
  [{ LENS_FORWARD_LOGS_COMPRESSION: "br" }, /LENS_FORWARD_LOGS_COMPRESSION must be gzip or none/],
  [{ LENS_FORWARD_TIMEOUT: "5s" }, /LENS_FORWARD_TIMEOUT must be a whole number/],
  [{ LENS_FORWARD_CERTIFICATE: "/nowhere/ca.pem" }, /LENS_FORWARD_CERTIFICATE: ENOENT/],
  [{ LENS_FORWARD_URL: "http://me:hunter2@example.com" }, /LENS_FORWARD_URL: must not hold a user name/],
])("%j is refused by name", (env, says) => {
  const reading = () => readConfig({ LENS_FORWARD_URL: "http://example.com", ...env });
  expect(reading).toThrow(says);
  expect(reading).not.toThrow(/hunter2/);
});
