import { describe, expect, it } from "vitest";
import { type Command, readArguments } from "./command.ts";
import { COPY_OPTIONS, copyFromArguments, copyFromEnvironment } from "./copy.ts";

const OWN = [4317, 4318];
const command: Command = {
  name: "start",
  summary: "",
  usage: "",
  example: "",
  options: COPY_OPTIONS,
  positionals: { least: 0, most: 0, what: "" },
  run: async () => 0,
};
const asked = (...argv: string[]) => copyFromArguments(readArguments(command, argv), OWN);

describe("--otlp", () => {
  it("asks for a copy by HTTP, or by gRPC, with headers", () => {
    expect(asked()).toBeNull();
    expect(asked("--otlp", "https://backend.example/otlp")).toEqual({
      settings: { LENS_FORWARD_URL: "https://backend.example/otlp" },
      to: ["https://backend.example"],
      because: "--otlp",
    });
    const more = ["--otlp-protocol", "grpc", "--otlp-header", "api-key=a b,c", "--otlp-header", "x=1"];
    expect(asked("--otlp", "http://127.0.0.1:9317", ...more)?.settings).toEqual({
      LENS_FORWARD_URL: "http://127.0.0.1:9317",
      LENS_FORWARD_PROTOCOL: "grpc",
      LENS_FORWARD_HEADERS: "api-key=a%20b%2Cc,x=1",
    });
  });

  it.each([
    [["--otlp", "backend.example:4318"], /takes an address like/],
    [["--otlp", "https://me:hunter2@backend.example"], /takes no user name/],
    [["--otlp", "http://localhost:4318"], /is lens itself/],
    [["--otlp", "https://backend.example", "--otlp-protocol", "udp"], /takes grpc or http, not "udp"/],
    [
      ["--otlp", "https://backend.example", "--otlp-header", "hunter2"],
      /--otlp-header number 1 is not name=value/,
    ],
    [["--otlp-header", "a=hunter2"], /--otlp-header needs --otlp/],
    [["--otlp-protocol", "grpc"], /--otlp-protocol needs --otlp/],
  ])("%j is refused, and shows no secret", (argv, says) => {
    expect(() => asked(...argv)).toThrow(
      expect.objectContaining({ code: "usage", message: expect.stringMatching(says) }),
    );
    expect(() => asked(...argv)).not.toThrow(/hunter2/);
  });
});

describe("the standard variables", () => {
  it("ask for a copy where an endpoint is another backend's, with all that is said of it", () => {
    const env = {
      OTEL_EXPORTER_OTLP_ENDPOINT: "https://backend.example:4317",
      OTEL_EXPORTER_OTLP_PROTOCOL: "grpc",
      OTEL_EXPORTER_OTLP_HEADERS: "api-key=secret",
      OTEL_EXPORTER_OTLP_CERTIFICATE: "ca.pem",
      OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: "https://logs.example/v1/logs",
      OTEL_EXPORTER_OTLP_LOGS_PROTOCOL: "http/protobuf",
      OTEL_EXPORTER_OTLP_TIMEOUT: "3000",
    };
    expect(copyFromEnvironment(env, OWN)).toEqual({
      settings: {
        LENS_FORWARD_URL: "https://backend.example:4317",
        LENS_FORWARD_PROTOCOL: "grpc",
        LENS_FORWARD_HEADERS: "api-key=secret",
        LENS_FORWARD_CERTIFICATE: "ca.pem",
        LENS_FORWARD_TIMEOUT: "3000",
        LENS_FORWARD_LOGS_URL: "https://logs.example/v1/logs",
        LENS_FORWARD_LOGS_PROTOCOL: "http",
      },
      to: ["https://backend.example:4317", "https://logs.example"],
      because: "OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_EXPORTER_OTLP_LOGS_ENDPOINT",
    });
  });

  it("ask for none without an endpoint, and none where it is lens itself: it would send to itself", () => {
    expect(copyFromEnvironment({ OTEL_EXPORTER_OTLP_PROTOCOL: "grpc" }, OWN)).toBeNull();
    for (const host of ["127.0.0.1", "localhost", "[::1]"]) {
      expect(copyFromEnvironment({ OTEL_EXPORTER_OTLP_ENDPOINT: `http://${host}:4318` }, OWN)).toBeNull();
      expect(copyFromEnvironment({ OTEL_EXPORTER_OTLP_ENDPOINT: `http://${host}:9318` }, OWN)).not.toBeNull();
    }
  });
});
