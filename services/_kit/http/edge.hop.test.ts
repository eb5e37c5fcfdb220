import { createRequire } from "node:module";
import { SpanKind } from "@opentelemetry/api";
import { afterAll, beforeAll, expect, test } from "vitest";
import * as z from "zod";
import { quiet, uniqueName } from "../../../tests/fixtures.ts";
import { edges, startTestTelemetry } from "../../../tests/telemetry.ts";
import { AppError } from "../process/errors.ts";
import { instrumentations } from "../sdk/instrumentations.ts";
import { baggageEntry } from "../telemetry/propagation.ts";
import { httpApp } from "./app.ts";
import type { Listening } from "./listen.ts";
import { answerLines } from "./ndjson.ts";
import { readJson } from "./read-request.ts";
import { serveHttp } from "./server.ts";
import { ids } from "./tracing.ts";

const telemetry = startTestTelemetry(
  { trace: "continue", faults: true },
  await instrumentations({ set: "curated", incomingHttp: true, databaseSpans: "queries" }),
);
// The instrumentation patches the http module when it is required next.
createRequire(import.meta.url)("node:http");
let server: Listening;

beforeAll(async () => {
  const app = httpApp({ log: quiet, ready: async () => {}, maxBodyBytes: 1_000 });
  app.get("/echo/:id", (c) => {
    const seen = ["correlation.id", "fault", "async", "scenario.run", "evil"].map((key) => [
      key,
      baggageEntry(key),
    ]);
    return c.json({ ...ids(), baggage: Object.fromEntries(seen) });
  });
  app.post("/body", async (c) => c.json(await readJson(c, z.strictObject({ n: z.int() }))));
  app.get("/broken", () => {
    throw new Error("secret detail");
  });
  app.get("/lines", (c) =>
    answerLines(
      c,
      quiet,
      (async function* () {
        yield {};
        throw new AppError("unavailable", "it went away");
      })(),
    ),
  );
  app.get("/away", () => {
    throw new AppError("unavailable", "come back later");
  });
  server = await serveHttp(app, "127.0.0.1", 0);
});
afterAll(async () => {
  await server.close();
  await telemetry.stop();
});

interface Echo {
  correlationId: string;
  traceId: string;
  baggage: Record<string, string>;
}

/** Calls the echo under a new id. Returns its answer and its SERVER span. */
async function echo(headers: Record<string, string>) {
  const id = uniqueName("id");
  const response = await fetch(`${server.url}/echo/${id}`, { headers });
  expect(response.status).toBe(200);
  const body = (await response.json()) as Echo;
  const span = await telemetry.one("GET /echo/:id", { "url.path": `/echo/${id}` });
  return { response, body, span };
}

test("a request gets a SERVER span named after its route, a new trace and a new correlation id, echoed", async () => {
  const { response, body, span } = await echo({});
  expect(span.kind).toBe(SpanKind.SERVER);
  expect(span.parentSpanContext).toBeUndefined();
  expect(body.traceId).toBe(span.spanContext().traceId);
  expect(body.correlationId).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7/);
  expect(response.headers.get("x-correlation-id")).toBe(body.correlationId);
  expect(span.attributes).toMatchObject({
    "correlation.id": body.correlationId,
    "http.route": "/echo/:id",
    "http.response.status_code": 200,
    "baton.edge.trace": "continue",
  });
});

test("a caller's trace is continued, and its harmless correlation id kept on the SERVER span itself", async () => {
  const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  const { body, span } = await echo({ traceparent, "x-correlation-id": "order-7.a_B" });
  expect(span.spanContext().traceId).toBe("0af7651916cd43dd8448eb211c80319c");
  expect(edges(span).parent).toBe("b7ad6b7169203331");
  expect(body.correlationId).toBe("order-7.a_B");
  expect(span.attributes["correlation.id"]).toBe("order-7.a_B");
});

test("foreign baggage is dropped: only the allowed entries pass, and none can set the correlation id", async () => {
  const { body, span } = await echo({
    baggage: "evil=1,fault=payments.charge%3Adeclined,async=link,scenario.run=r1,correlation.id=forged",
  });
  expect(body.baggage).toEqual({
    "correlation.id": body.correlationId,
    fault: "payments.charge:declined",
    async: "link",
    "scenario.run": "r1",
  });
  expect(span.attributes["correlation.id"]).not.toBe("forged");
});

test("a hostile correlation id, a broken traceparent and oversized baggage do not stop a request; the span says so", async () => {
  const { body, span } = await echo({
    "x-correlation-id": "<script>alert(1)</script>",
    traceparent: "00-nonsense",
    baggage: `fault=payments.charge%3Adeclined,x=${"y".repeat(9_000)}`,
  });
  expect(body.correlationId).toMatch(/^[0-9a-f-]{36}$/);
  expect(body.baggage.fault).toBeUndefined();
  expect(span.parentSpanContext).toBeUndefined();
  expect(span.attributes["baton.edge.refused"]).toEqual(["traceparent", "correlation_id", "baggage"]);
});

test("problems are RFC 9457 with both ids, and do not show internal errors", async () => {
  const get = async (path: string, init?: RequestInit) => {
    const response = await fetch(`${server.url}${path}`, init);
    expect(response.headers.get("content-type")).toBe("application/problem+json");
    const body = (await response.json()) as Record<string, unknown>;
    expect(body).toMatchObject({
      status: response.status,
      correlationId: response.headers.get("x-correlation-id"),
      traceId: expect.stringMatching(/^[0-9a-f]{32}$/),
    });
    return { status: response.status, text: JSON.stringify(body) };
  };
  const json = { "content-type": "application/json" };
  const post = (body: string, headers: Record<string, string> = json) =>
    get("/body", { method: "POST", headers, body });

  expect((await get("/nowhere")).status).toBe(404);
  expect((await post("{")).status).toBe(400);
  expect((await post('{"n":"1"}')).text).toContain("n: ");
  expect((await post('{"n":1,"m":2}')).status).toBe(422);
  expect((await post("n=1", { "content-type": "text/plain" })).status).toBe(415);
  expect((await post(JSON.stringify({ n: "x".repeat(2_000) }))).status).toBe(413);
  expect((await get("/away")).status).toBe(503);
  const broken = await get("/broken");
  expect(broken.status).toBe(500);
  expect(broken.text).not.toContain("secret");
  expect(broken.text).not.toContain(".ts");
});

test("a list that breaks off ends with a problem that has both ids, and its SERVER span has failed", async () => {
  const response = await fetch(`${server.url}/lines`);
  const last = (await response.text()).trimEnd().split("\n").at(-1) ?? "";
  const span = await telemetry.one("GET /lines");
  expect(JSON.parse(last)).toMatchObject({
    status: 503,
    correlationId: response.headers.get("x-correlation-id"),
    traceId: span.spanContext().traceId,
  });
  expect(span.attributes["error.type"]).toBe("unavailable");
});

test("probes make no span", async () => {
  expect((await fetch(`${server.url}/readyz`)).status).toBe(200);
  expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
  await echo({});
  expect(telemetry.find("GET /readyz")).toEqual([]);
  expect(telemetry.find("GET", { "url.path": "/readyz" })).toEqual([]);
});
