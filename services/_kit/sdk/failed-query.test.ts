import { SpanStatusCode } from "@opentelemetry/api";
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";
import { expect, test } from "vitest";
import { FailedQueryProcessor } from "./failed-query.ts";

const exporter = new InMemorySpanExporter();
const provider = new TracerProvider({
  spanProcessors: [new FailedQueryProcessor(), new SimpleSpanProcessor({ exporter })],
});

/** The attributes that a span gets when it ends, after this exception and in this state. */
function added(system: string, code: SpanStatusCode, ...exceptions: string[]) {
  exporter.reset();
  const span = provider.getTracer("test").startSpan("SELECT", { attributes: { "db.system.name": system } });
  for (const exception of exceptions) span.recordException(exception);
  span.setStatus({ code });
  span.end();
  const { "db.system.name": _, ...rest } = exporter.getFinishedSpans()[0]?.attributes ?? {};
  return rest;
}

const { ERROR, UNSET } = SpanStatusCode;

test.each([
  [
    "the server has refused",
    "error' occurred (code: 42703)",
    { "error.type": "42703", "db.response.status_code": "42703" },
  ],
  ["lost its connection", "Error' occurred (code: EPIPE)", { "error.type": "EPIPE" }],
  ["has no code", "Error' occurred (code: UNKNOWN)", { "error.type": "_OTHER" }],
])("a query that %s has its error.type", (_, text, attributes) => {
  expect(added("postgresql", ERROR, `PostgreSQL error of type '${text}`)).toEqual(attributes);
});

test("a failure that says nothing has one, too; what did not fail, and what is no query, has none", () => {
  expect(added("postgresql", ERROR)).toEqual({ "error.type": "_OTHER" });
  expect(added("postgresql", UNSET)).toEqual({});
  expect(added("redis", ERROR, "(code: 42703)")).toEqual({});
});
