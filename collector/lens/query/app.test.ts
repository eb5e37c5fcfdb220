import { expect, test } from "vitest";
import { oneSpan } from "../otlp/requests.fixture.ts";
import { newApp } from "./app.fixture.ts";

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
