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
  expect(readConfig(env).forward).toMatchObject({
    url: env.LENS_FORWARD_URL,
    headers: { "api-key": "a=b", x: "y" },
  });
  expect(readConfig({}).forward).toBeNull();
  expect(() => readConfig({ LENS_FORWARD_URL: "ftp://example.com" })).toThrow(
    /LENS_FORWARD_URL: must be an address/,
  );
  const wrong = () => readConfig({ LENS_FORWARD_HEADERS: "a=b,secret value" });
  expect(wrong).toThrow(/LENS_FORWARD_HEADERS: entry 2 is not name=value/);
  expect(wrong).not.toThrow(/secret/);
});
