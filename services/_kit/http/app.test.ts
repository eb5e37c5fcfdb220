import { context, DiagLogLevel, diag, trace } from "@opentelemetry/api";
import { afterAll, expect, test } from "vitest";
import { quiet } from "../../../tests/fixtures.ts";
import { startTestTelemetry } from "../../../tests/telemetry.ts";
import { AppError } from "../process/errors.ts";
import { httpApp } from "./app.ts";

const telemetry = startTestTelemetry();
afterAll(() => telemetry.stop());

test("a failure after the client has gone is answered without a word to its span, which has ended", async () => {
  const said: string[] = [];
  const say = (message: string): void => {
    said.push(message);
  };
  diag.disable();
  diag.setLogger({ error: say, warn: say, info: say, debug: say, verbose: say }, DiagLogLevel.WARN);
  const app = httpApp({ log: quiet, ready: async () => {} });
  app.get("/late", () => {
    throw new AppError("unavailable", "a service that this needs is away");
  });
  const span = trace.getTracer("test").startSpan("GET /late");
  const ask = () => context.with(trace.setSpan(context.active(), span), () => app.request("/late"));
  expect((await ask()).status).toBe(503);
  span.end();
  expect((await ask()).status).toBe(503);
  diag.disable();
  expect(said).toEqual([]);
  expect((await telemetry.one("GET /late")).attributes["error.type"]).toBe("unavailable");
});
