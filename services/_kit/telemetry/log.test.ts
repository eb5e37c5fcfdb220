/** What a logger's records are in a real process: lines on standard output, and OpenTelemetry's records. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { text } from "node:stream/consumers";
import { beforeAll, expect, test } from "vitest";
import { readRegistry } from "../../../telemetry/registry.ts";
import type { EmittedLog } from "../../../tests/conformity/judge/emitted.ts";
import { judge } from "../../../tests/conformity/judge/judge.ts";
import { openTap } from "../../../tests/conformity/tap.ts";
import { makeLogger } from "./log.ts";

let logs: readonly EmittedLog[] = [];
let lines: Record<string, unknown>[] = [];
beforeAll(async () => {
  const backend = createServer((request, response) => {
    request.resume().on("end", () => response.writeHead(200).end());
  });
  backend.listen(0, "127.0.0.1");
  await once(backend, "listening");
  const tap = await openTap(`http://127.0.0.1:${(backend.address() as AddressInfo).port}`);
  try {
    const start = path.join(import.meta.dirname, "../sdk/start.ts");
    const child = spawn(
      process.execPath,
      ["--import", start, path.join(import.meta.dirname, "log.fixture.ts")],
      {
        env: {
          PATH: process.env.PATH,
          NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? "",
          BATON_SERVICE: "tiny",
          OTEL_EXPORTER_OTLP_ENDPOINT: tap.url,
          OTEL_EXPORTER_OTLP_PROTOCOL: "http/protobuf",
        },
        stdio: ["ignore", "pipe", "pipe"],
      },
    );
    const [out, err] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "exit")]);
    expect(child.exitCode, err).toBe(0);
    lines = out
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    logs = tap.emitted.logs;
  } finally {
    await tap.close();
    backend.close();
  }
});

const plain = (log: EmittedLog | undefined) =>
  Object.fromEntries([...(log?.attributes ?? [])].map(([name, { value }]) => [name, value]));

test("every record follows the registry of names", async () => {
  const { violations, counts } = judge({ spans: [], metrics: [], logs }, await readRegistry());
  expect(violations.filter(({ signal }) => signal === "log")).toEqual([]);
  expect(counts["log records"]).toEqual({ judged: 12, clean: 12 });
});

test("each of pino's levels is a severity of OpenTelemetry's", () => {
  expect(logs.slice(0, 6).map(({ severity, severityText }) => [severity, severityText])).toEqual([
    [1, "trace"],
    [5, "debug"],
    [9, "info"],
    [13, "warn"],
    [17, "error"],
    [21, "fatal"],
  ]);
  expect(logs.slice(0, 6).map(plain)).toEqual([{}, {}, {}, {}, {}, {}]);
});

test("an error's class is the exception's type, whatever code it has, and its code stays in the line", () => {
  const failed = logs.filter(({ body }) => body.value === "failed").map(plain);
  expect(failed).toEqual([
    {
      "exception.type": "AppError",
      "exception.message": "it is away: refused",
      "exception.stacktrace": expect.stringMatching(/AppError: it is away[\s\S]*TypeError: refused/),
    },
    {
      "exception.type": "TypeError",
      "exception.message": "refused",
      "exception.stacktrace": expect.stringContaining("log.fixture.ts"),
    },
    { "exception.message": "it is away" },
  ]);
  const told = lines.filter(({ msg }) => msg === "failed").map(({ err }) => err);
  expect(told).toMatchObject([
    { name: "AppError", error_code: "unavailable" },
    { name: "TypeError", error_code: "ECONNREFUSED" },
    "it is away",
  ]);
});

test("an event has its name, its fields and the correlation id, in the record and in the line", () => {
  const said = {
    "correlation.id": "c-1",
    "baton.order.id": "o-1",
    "baton.event.total_cents": 250,
  };
  const events = logs.filter(({ eventName }) => eventName !== "");
  expect(events.map(({ eventName }) => eventName)).toEqual([
    "baton.order.placed",
    "baton.order.rejected",
    "baton.orders.listed",
  ]);
  expect(events.map(({ body }) => body.value)).toEqual(["order.placed", "order.rejected", "orders.listed"]);
  expect(plain(events[0])).toEqual(said);
  expect(lines.find(({ msg }) => msg === "order.placed")).toMatchObject({
    ...said,
    level: 30,
    service: "tiny",
    "otel.event.name": "baton.order.placed",
  });
});

test("every line names its service, which a record has in its resource", () => {
  expect(lines.length).toBe(12);
  expect(lines.filter(({ service }) => service !== "tiny")).toEqual([]);
  expect(lines.filter((line) => "pid" in line || "hostname" in line)).toEqual([]);
  expect(logs.filter(({ origin }) => origin.resource.get("service.name")?.value !== "tiny")).toEqual([]);
});

test("a field that the registry does not list, or of another type, does not compile", () => {
  const log = makeLogger("tiny", "silent");
  // @ts-expect-error: a log record has no such attribute.
  log.info({ orderId: "o-1" }, "said");
  // @ts-expect-error: it is a number.
  log.info({ "baton.delivery.attempt": "1" }, "said");
  // @ts-expect-error: there is no such outcome.
  log.info({ err: new Error("x"), "baton.delivery.outcome": "nack" }, "said");
  log.info({ err: new Error("x"), "baton.delivery.attempt": 1, "baton.delivery.outcome": "retry" }, "said");
});

test("what could be a secret is not in a line, and levels below the logger's are left out", () => {
  let written = "";
  const log = makeLogger("tiny", "warn", { write: (line) => (written += line) });
  log.info("not wanted");
  // @ts-expect-error: fields of others, as an error could bring them.
  log.warn({ token: "s3cret", call: { password: "s3cret", authorization: "s3cret" } }, "wanted");
  expect(written).not.toContain("s3cret");
  expect(JSON.parse(written)).toMatchObject({
    service: "tiny",
    level: 40,
    token: "[redacted]",
    call: { password: "[redacted]", authorization: "[redacted]" },
    msg: "wanted",
  });
});
