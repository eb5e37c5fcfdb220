import { expect, it } from "vitest";
import { readArguments } from "../command.ts";
import { lens, settingsOf } from "./lens.ts";

const settings = (argv: readonly string[], env: NodeJS.ProcessEnv = {}) =>
  settingsOf(readArguments(lens, argv), env);

it("takes OpenTelemetry's ports, moved by the offset or named one by one", () => {
  expect(settings([])).toMatchObject({ port: 4000, httpPort: 4318, grpcPort: 4317 });
  expect(settings(["--port", "5000"], { BATON_PORT_OFFSET: "100" })).toMatchObject({
    port: 5000,
    httpPort: 4418,
    grpcPort: 4417,
  });
});

it("passes on the disk, the address to forward to, and its headers", () => {
  const argv = [
    "--disk",
    "64",
    "--otlp",
    "https://example.com",
    "--otlp-header",
    "a=b,c",
    "--otlp-header",
    "d=é",
  ];
  expect(settings(argv, { LENS_INDEX: "user.id", OTHER: "x" }).env).toEqual({
    BATON_PORT: "4000",
    LENS_OTLP_HTTP_PORT: "4318",
    LENS_OTLP_GRPC_PORT: "4317",
    LENS_STORE_BYTES: String(64 * 1024 * 1024),
    LENS_FORWARD_URL: "https://example.com",
    LENS_FORWARD_HEADERS: "a=b%2Cc,d=%C3%A9",
    LENS_INDEX: "user.id",
  });
});

it("begins empty unless it is told to keep what was", () => {
  expect([settings([]).keep, settings(["--keep"]).keep]).toEqual([false, true]);
});

it.each([
  [["--port", "0"], /--port/],
  [["--port", "70000"], /--port takes a port up to 65535/],
  [["--disk", "lots"], /--disk takes a whole number/],
  [["--otlp", "example.com:4318"], /--otlp takes an address/],
  [["--otlp", "https://example.com", "--otlp-header", "secret"], /--otlp-header number 1 is not name=value/],
  [["--otlp-header", "a=b"], /--otlp-header needs --otlp/],
])("%j are refused by name before anything listens", (argv, message) => {
  expect(() => settings(argv)).toThrow(
    expect.objectContaining({ code: "usage", message: expect.stringMatching(message) }),
  );
});

it("never shows a header's value", () => {
  expect(() => settings(["--otlp", "https://example.com", "--otlp-header", "secret"])).not.toThrow(/secret/);
});
