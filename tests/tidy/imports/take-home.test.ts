import { expect, test } from "vitest";
import { repositoryOf } from "../repository/repository.ts";
import { said } from "../repository/violation.ts";
import { takenHome } from "./take-home.ts";

const KIT = "services/_kit";
const modules = { "rpc/tracing.ts": { library: ["@connectrpc/connect"] } };
const found = (texts: Record<string, string>) =>
  takenHome(repositoryOf({ [`${KIT}/rpc/tracing.ts`]: "", ...texts }), modules).map(said);

test("a module may import the API, the shared modules, its library and Node", () => {
  const span = 'import { trace } from "@opentelemetry/api";\nimport { ATTR } from "./conventions.ts";';
  expect(
    found({
      [`${KIT}/rpc/tracing.ts`]: [
        'import { randomUUID } from "node:crypto";',
        'import { propagation } from "@opentelemetry/api";',
        'import { Code } from "@connectrpc/connect";',
        'import { startSpan } from "../telemetry/span.ts";',
      ].join("\n"),
      [`${KIT}/telemetry/span.ts`]: span,
      [`${KIT}/telemetry/conventions.ts`]: "export const ATTR = {};",
    }),
  ).toEqual([]);
});

test("any other import of the kit, a type too, or of a library is reported at its line, also an indirect one", () => {
  const strange = found({
    [`${KIT}/rpc/tracing.ts`]: [
      'import { trace } from "@opentelemetry/api";',
      'import type { Logger } from "../telemetry/log.ts";',
      'import { startSpan } from "../telemetry/span.ts";',
    ].join("\n"),
    [`${KIT}/telemetry/span.ts`]: 'import { AppError } from "../process/errors.ts";',
    [`${KIT}/process/errors.ts`]: 'import * as z from "zod";',
    [`${KIT}/telemetry/log.ts`]: "export interface Logger {}",
  });
  const remedy =
    "pass it in from the file that wires the module, or list it for the module in tests/tidy/imports/take-home.ts";
  expect(strange).toEqual(
    [
      [`${KIT}/rpc/tracing.ts:2`, `${KIT}/telemetry/log.ts`],
      [`${KIT}/telemetry/span.ts:1`, `${KIT}/process/errors.ts`],
      [`${KIT}/process/errors.ts:1`, "zod"],
    ].map(
      ([at, target]) =>
        `${at}: ${KIT}/rpc/tracing.ts must be possible to copy, but needs ${target}: ${remedy}`,
    ),
  );
});

test("a span started or a context moved outside of these modules is a violation, except in a test", () => {
  const remedy = "start the span or move the context in the tracing.ts of this folder, and call that";
  expect(
    found({
      [`${KIT}/rpc/client.ts`]: [
        'import { propagation, trace } from "@opentelemetry/api";',
        'import { fail, inSpan } from "../telemetry/span.ts";',
      ].join("\n"),
      [`${KIT}/jobs/queue.ts`]: 'import { type Carrier, inject } from "../telemetry/propagation.ts";',
      [`${KIT}/jobs/queue.hop.test.ts`]: 'import { inject } from "../telemetry/propagation.ts";',
      [`${KIT}/telemetry/restart.ts`]: 'import { place } from "./propagation.ts";',
    }).toSorted(),
  ).toEqual([
    `${KIT}/jobs/queue.ts:1: imports inject of ${KIT}/telemetry/propagation.ts, which only the modules to copy may do: ${remedy}`,
    `${KIT}/rpc/client.ts:1: imports propagation of @opentelemetry/api, which only the modules to copy may do: ${remedy}`,
    `${KIT}/rpc/client.ts:2: imports inSpan of ${KIT}/telemetry/span.ts, which only the modules to copy may do: ${remedy}`,
  ]);
});

test("a listed module that does not exist is a violation", () => {
  expect(takenHome(repositoryOf({}), modules).map(said)).toEqual([
    "tests/tidy/imports/take-home.ts:1: services/_kit/rpc/tracing.ts does not exist: " +
      "list the module that replaced it, and point docs/your-app.md at it",
  ]);
});
