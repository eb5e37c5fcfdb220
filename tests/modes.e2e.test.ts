import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import checkout from "../load/scenarios/checkout.ts";
import declined from "../load/scenarios/payment-declined.ts";
import { services } from "../services/topology.ts";
import { eventually } from "./fixtures.ts";
import { judge } from "./judge.ts";
import { logFile, startPlayground, type TestPlayground } from "./playground.ts";

const DECLINE = "fault=payments.charge%3Adeclined";

describe("with BATON_TELEMETRY=off", () => {
  let playground: TestPlayground;
  beforeAll(async () => {
    playground = await startPlayground({ BATON_TELEMETRY: "off" });
  });
  afterAll(() => playground?.remove());

  test("correlation still reaches the last job's log lines, and nothing reaches lens", async () => {
    const { status, correlationId, orderId } = await playground.checkout({}, { "x-correlation-id": "off-1" });
    expect(status).toBe(201);
    expect(correlationId).toBe("off-1");
    const events = [
      "order.confirmed",
      "email.sent",
      "shipment.shipped",
      "order.shipped",
      "audit.recorded",
    ].map((event) => `baton.${event}`);
    await eventually("the log lines of the whole journey", async () => {
      const lines = await correlated(playground, "off-1");
      const said = new Set(lines.map((line) => line["otel.event.name"]));
      return events.every((event) => said.has(event)) || undefined;
    });
    const lines = await correlated(playground, "off-1");
    const about = lines.flatMap((line) => line["baton.order.id"] ?? []);
    expect(about.length).toBeGreaterThanOrEqual(events.length);
    expect([...new Set(about)]).toEqual([orderId]);
    const metrics = await (await fetch(`${playground.urls.lens}/metrics`)).text();
    expect(metrics).toContain('lens_received_total{signal="traces"} 0');
    expect(metrics).toContain('lens_received_total{signal="logs"} 0');
  });

  test("faults still work", async () => {
    expect((await playground.checkout({}, { baggage: DECLINE })).status).toBe(402);
  });
});

describe("with BATON_INSTRUMENTATION=auto", () => {
  let playground: TestPlayground;
  beforeAll(async () => {
    playground = await startPlayground({ BATON_INSTRUMENTATION: "auto" });
  });
  afterAll(() => playground?.remove());

  test("the hops are the same", async () => {
    const run = "auto";
    const good = await playground.checkout({}, { baggage: `scenario.run=${run}` });
    const found = await playground.journey(good.traceId, checkout.expect.hops);
    judge(found, checkout.expect.hops, "parent+link", { correlationId: good.correlationId, run });
    const bad = await playground.checkout({}, { baggage: `${DECLINE},scenario.run=${run}` });
    const foundBad = await playground.journey(bad.traceId, declined.expect.hops);
    judge(foundBad, declined.expect.hops, "parent+link", { correlationId: bad.correlationId, run });
  });
});

/** The log lines of all services with this correlation id. */
async function correlated(playground: TestPlayground, id: string): Promise<Record<string, unknown>[]> {
  const texts = await Promise.all(services.map(({ name }) => readFile(logFile(playground, name), "utf8")));
  return texts
    .flatMap((text) => text.split("\n"))
    .filter((line) => line.includes(id))
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter((line) => line["correlation.id"] === id);
}
