import { expect, test } from "vitest";
import * as z from "zod";
import { ConfigError, listening, readConfig } from "./config.ts";

const schema = z.object({ ...listening(8081), BATON_NATS_URL: z.url() });

test("values are checked, typed and frozen; an empty one counts as not set", () => {
  const read = readConfig(schema, { BATON_PORT: "", BATON_HOST: "127.0.0.2", BATON_NATS_URL: "nats://h:1" });
  expect(read).toEqual({
    BATON_PORT: 8081,
    BATON_HOST: "127.0.0.2",
    BATON_NATS_URL: "nats://h:1",
    BATON_CORS_ORIGINS: [],
  });
  expect(Object.isFrozen(read)).toBe(true);
});

test("all wrong variables are named at once, with their values, except addresses that may hold a password", () => {
  const read = () => readConfig(schema, { BATON_PORT: "http", BATON_NATS_URL: "no url, secret" });
  expect(read).toThrow(ConfigError);
  expect(read).toThrow(/BATON_PORT.*"http"[\s\S]*BATON_NATS_URL/);
  expect(read).not.toThrow(/secret/);
});

test("origins are a list of scheme, host and port; anything else is refused", () => {
  const originsOf = (text: string) =>
    readConfig(schema, { BATON_NATS_URL: "nats://h:1", BATON_CORS_ORIGINS: text }).BATON_CORS_ORIGINS;
  expect(originsOf(" http://localhost:5173, https://shop.example ")).toEqual([
    "http://localhost:5173",
    "https://shop.example",
  ]);
  for (const wrong of [
    "*",
    "null",
    "shop.example",
    "https://shop.example/",
    "https://shop.example/a",
    "ftp://h",
  ])
    expect(() => originsOf(wrong), wrong).toThrow(/BATON_CORS_ORIGINS: .* is not an origin/);
});
