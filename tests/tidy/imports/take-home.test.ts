import { expect, test } from "vitest";
import { takenHome } from "./take-home.ts";

const KIT = "services/_kit";
const modules = { "rpc/tracing.ts": { library: ["@connectrpc/connect"] } };
type Imports = readonly (readonly [target: string, ...names: string[]])[];

/** Made-up files: by path, what each imports on line 1, 2 and so on. */
const found = (files: Record<string, Imports>) => {
  const all: Record<string, Imports> = { [`${KIT}/rpc/tracing.ts`]: [], ...files };
  const sources = Object.entries(all).map(([file, imports]) => ({
    file,
    imports: imports.map(([target, ...names], i) => ({ target, names, line: i + 1 })),
  }));
  return takenHome({ sources }, modules).map(
    ({ file, line, what, remedy }) => `${file}:${line}: ${what}: ${remedy}`,
  );
};

test("a module takes the API, names, propagation, spans, its library and Node along", () => {
  expect(
    found({
      [`${KIT}/rpc/tracing.ts`]: [
        ["@opentelemetry/api", "propagation"],
        ["@connectrpc/connect", "Code"],
        ["node:crypto", "randomUUID"],
        [`${KIT}/telemetry/span.ts`, "startSpan"],
      ],
      [`${KIT}/telemetry/span.ts`]: [
        ["@opentelemetry/api", "trace"],
        [`${KIT}/telemetry/conventions.ts`, "ATTR"],
      ],
      [`${KIT}/telemetry/conventions.ts`]: [],
    }),
  ).toEqual([]);
});

test("anything else of the kit, a type too, or another library, at the line that imports it, however far", () => {
  expect(
    found({
      [`${KIT}/rpc/tracing.ts`]: [
        ["@opentelemetry/api", "trace"],
        [`${KIT}/telemetry/log.ts`, "Logger"],
        [`${KIT}/telemetry/span.ts`, "startSpan"],
      ],
      [`${KIT}/telemetry/span.ts`]: [[`${KIT}/process/errors.ts`, "AppError"]],
      [`${KIT}/process/errors.ts`]: [["zod", "*"]],
      [`${KIT}/telemetry/log.ts`]: [],
    }),
  ).toEqual(
    [
      [`${KIT}/rpc/tracing.ts:2`, `${KIT}/telemetry/log.ts`],
      [`${KIT}/telemetry/span.ts:1`, `${KIT}/process/errors.ts`],
      [`${KIT}/process/errors.ts:1`, "zod"],
    ].map(
      ([at, target]) =>
        `${at}: ${KIT}/rpc/tracing.ts is to be taken home, and comes with ${target}: ` +
        "have it handed in by the file that wires the module, or list it for the module in tests/tidy/imports/take-home.ts",
    ),
  );
});

test("a span that is made, or a context that is moved, beside those modules", () => {
  const remedy = "make the span or move the context in the tracing.ts of this room, and call that";
  expect(
    found({
      [`${KIT}/rpc/client.ts`]: [
        ["@opentelemetry/api", "trace", "propagation"],
        [`${KIT}/telemetry/span.ts`, "fail", "inSpan"],
      ],
      [`${KIT}/jobs/queue.ts`]: [[`${KIT}/telemetry/propagation.ts`, "Carrier", "inject"]],
      [`${KIT}/jobs/queue.hop.test.ts`]: [[`${KIT}/telemetry/propagation.ts`, "inject"]],
      [`${KIT}/telemetry/restart.ts`]: [[`${KIT}/telemetry/propagation.ts`, "place"]],
    }),
  ).toEqual([
    `${KIT}/rpc/client.ts:1: takes propagation of @opentelemetry/api, and is no module to be taken home: ${remedy}`,
    `${KIT}/rpc/client.ts:2: takes inSpan of ${KIT}/telemetry/span.ts, and is no module to be taken home: ${remedy}`,
    `${KIT}/jobs/queue.ts:1: takes inject of ${KIT}/telemetry/propagation.ts, and is no module to be taken home: ${remedy}`,
  ]);
});

test("a module that is listed and gone", () => {
  expect(takenHome({ sources: [] }, modules)).toMatchObject([
    { file: "tests/tidy/imports/take-home.ts", what: `${KIT}/rpc/tracing.ts is not there` },
  ]);
});
