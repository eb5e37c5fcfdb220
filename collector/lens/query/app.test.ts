import { describe, expect, test } from "vitest";
import { oneSpan, textAttribute } from "../otlp/requests.fixture.ts";
import { at, newApp, trace } from "./app.fixture.ts";

test.each([
  ["/api/journeys/unknown", 404],
  ["/api/journeys?limit=0", 400],
  ["/api/journeys/x?logs=perhaps", 400],
  ["/api/logs", 400],
  ["/api/v3/operations", 400],
  ["/api/v3/traces/xyz", 400],
  ["/nowhere", 404],
])("%s answers %i as problem details", async (path, status) => {
  const answer = await newApp().get(path);
  expect(answer).toMatchObject({
    status,
    type: "application/problem+json",
    body: { status, type: "about:blank" },
  });
});

test("/metrics answers in Prometheus' format with its content type", async () => {
  const app = newApp();
  await app.send(oneSpan());
  const response = await app.request("/metrics");
  expect(response.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
  expect(await response.text()).toContain('lens_stored_total{signal="traces"} 1\n');
});

test("nothing here can be written to", async () => {
  expect((await newApp().request("/api/journeys", { method: "POST" })).status).toBe(405);
});

describe("who may ask", () => {
  const ask = async (path: string, headers: Record<string, string>) =>
    (await newApp().request(`http://127.0.0.1:4000${path}`, { headers })).status;

  test("is told by the Host: this machine's names and those that are given, any for probes and scrapers", async () => {
    for (const host of ["127.0.0.1:4000", "localhost", "lens:4000"])
      expect(await ask("/api/v3/services", { host }), host).toBe(200);
    for (const path of ["/", "/api/v3/services", "/api/journeys", "/nowhere"])
      expect(await ask(path, { host: "evil.example" }), path).toBe(403);
    for (const path of ["/healthz", "/metrics"])
      expect(await ask(path, { host: "evil.example" }), path).toBe(200);
  });

  test("is told by the Origin, where there is one: lens' own pages and no other", async () => {
    const host = "127.0.0.1:4000";
    expect(await ask("/api/v3/services", { host, origin: "http://127.0.0.1:4000" })).toBe(200);
    for (const origin of ["null", "http://evil.example", "http://127.0.0.1:5173"])
      for (const path of ["/api/v3/services", "/metrics"])
        expect(await ask(path, { host, origin }), `${path} ${origin}`).toBe(403);
  });
});

describe("log records", () => {
  const request = (service: string, ...records: object[]) => ({
    resourceLogs: [
      {
        resource: { attributes: [textAttribute("service.name", service)] },
        scopeLogs: [{ logRecords: records }],
      },
    ],
  });
  const record = (n: number, more: object = {}) => ({
    timeUnixNano: at(n),
    body: { stringValue: `${n}` },
    ...more,
  });
  const bodies = ({ body }: { body: Record<string, unknown> }) =>
    (body.logs as { body: string }[]).map((log) => log.body);

  test("without a trace and a correlation id are read by their service, the latest", async () => {
    const app = newApp();
    for (let n = 1; n <= 100; n++) await app.sendLogs(request(n % 2 ? "till" : "other", record(n)));
    await app.send(oneSpan({ traceId: trace(1) }));
    await app.sendLogs(request("till", record(101, { traceId: trace(1) })));
    expect(bodies(await app.get("/api/logs?service=till&limit=3"))).toEqual(["97", "99", "101"]);
    expect((await app.get("/api/logs?service=till&limit=3")).body.more).toBe(true);
    expect(bodies(await app.get("/api/logs?service=till"))).toHaveLength(51);
    expect(bodies(await app.get("/api/logs?service=nobody"))).toEqual([]);
  });

  test("say which event they are", async () => {
    const app = newApp();
    await app.sendLogs(request("till", record(1, { eventName: "till.opened" })));
    expect((await app.get("/api/logs?service=till")).body.logs).toMatchObject([{ eventName: "till.opened" }]);
  });

  test("and spans keep what is not a number", async () => {
    const app = newApp();
    const value = (doubleValue: string) => ({ key: doubleValue, value: { doubleValue } });
    const attributes = ["NaN", "Infinity", "-Infinity"].map(value);
    await app.send(oneSpan({ traceId: trace(1), attributes }));
    const { body } = await app.get(`/api/journeys/${trace(1)}`);
    const { spans } = body.journey as { spans: { span: { attributes: object } }[] };
    expect(spans[0]?.span.attributes).toEqual({ NaN: "NaN", Infinity: "Infinity", "-Infinity": "-Infinity" });
  });
});
