import { readdir } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import checkout from "../load/scenarios/checkout.ts";
import declined from "../load/scenarios/payment-declined.ts";
import { judgeJourney } from "../load/verdict.ts";
import { EVENTS_STREAM, jetstreamOn } from "../services/_kit/events/nats/streams.ts";
import { BUCKETS } from "../services/_kit/events/outbox.ts";
import { connectNats } from "../services/_kit/nats/connection.ts";
import { BATON } from "../services/_kit/telemetry/conventions.ts";
import type { AsyncMode } from "../services/_kit/telemetry/propagation.ts";
import type { Way } from "../services/declare.ts";
import { services } from "../services/topology.ts";
import { undescribed } from "./described.ts";
import { eventually } from "./fixtures.ts";
import { judge, spanOf } from "./judge.ts";
import { type CheckoutAnswer, startPlayground, type TestPlayground, unsentOf } from "./playground.ts";

/** Two playgrounds at once, so that each disturbs the other. They differ in their default mode and in their edge. */
let one: TestPlayground;
let other: TestPlayground;

beforeAll(async () => {
  [one, other] = await Promise.all([
    startPlayground(),
    startPlayground({ BATON_ASYNC: "link", BATON_EDGE_TRACE: "restart" }),
  ]);
});
afterAll(async () => {
  await Promise.all([one?.remove(), other?.remove()]);
});

const DECLINE = "fault=payments.charge%3Adeclined";

describe("every hop of a checkout", () => {
  // In each playground its default mode, then the mode that the request asks for.
  const cases: [string, () => TestPlayground, AsyncMode, string][] = [
    ["in the default mode, parent+link", () => one, "parent+link", ""],
    ["in mode parent, as the request asks", () => one, "parent", "async=parent"],
    ["in mode link, as the request asks", () => one, "link", "async=link"],
    ["in mode link, as BATON_ASYNC says", () => other, "link", ""],
    [
      "in mode parent+link, as the request asks of a process in mode link",
      () => other,
      "parent+link",
      "async=parent%2Blink",
    ],
  ];
  for (const [title, playground, mode, asked] of cases) {
    test(`that is shipped, ${title}`, async () => {
      const run = `run-${mode}`;
      const baggage = [asked, `scenario.run=${run}`].filter(Boolean).join(",");
      const answer = await playground().checkout({}, { baggage });
      expect(answer.status).toBe(201);
      const found = await playground().journey(answer.traceId, checkout.expect.hops);
      judge(found, checkout.expect.hops, mode, { correlationId: answer.correlationId, run });
      expect(judgeJourney(found.journey, checkout.expect)).toEqual([]);
      expect(found.journey.orderIds).toEqual([answer.orderId]);
      expect(found.journey.traceIds.length > 3).toBe(mode === "link");
    });

    test(`whose card is declined, ${title}`, async () => {
      const run = `run-declined-${mode}`;
      const baggage = [asked, DECLINE, `scenario.run=${run}`].filter(Boolean).join(",");
      const answer = await playground().checkout({}, { baggage });
      expect(answer.status).toBe(402);
      const found = await playground().journey(answer.traceId, declined.expect.hops);
      judge(found, declined.expect.hops, mode, { correlationId: answer.correlationId, run });
      expect(judgeJourney(found.journey, declined.expect)).toEqual([]);
      expect(found.journey.orderIds).toEqual([answer.orderId]);
      const charge = spanOf(found.journey, "payments|charge|INTERNAL");
      expect(charge).toMatchObject({
        status: "ERROR",
        attributes: { [BATON.faultPoint]: "payments.charge" },
      });
      const edge = spanOf(found.journey, "gateway|POST /api/v1/checkouts|SERVER");
      expect(edge.status, "a 4xx leaves a SERVER span unset").toBe("UNSET");
    });
  }
});

test("the consumers of each event are those of the topology, by which lens calls a journey settled", async () => {
  const nats = await connectNats(one.urls.nats, "test");
  const { manager } = await jetstreamOn(nats);
  try {
    const durables: string[] = [];
    // The gateway also consumes, for live status: without a durable and without acknowledging.
    for await (const consumer of manager.consumers.list(EVENTS_STREAM))
      if (consumer.config.durable_name) durables.push(consumer.config.durable_name);
    // A consumer that needs order has a durable for each bucket, and ignores other events there.
    const buckets = (name: string) => Array.from({ length: BUCKETS }, (_, bucket) => `${name}-p${bucket}`);
    const said = services.flatMap(({ name, hears }) =>
      Object.entries<Way>(hears).flatMap(([type, way]) =>
        way === "ordered" ? buckets(name) : `${name}-${type}`,
      ),
    );
    expect(durables.toSorted()).toEqual([...new Set(said)].toSorted());
  } finally {
    await nats.close();
  }
});

test("traces, logs and metrics all reach lens, and none is refused", async () => {
  await eventually("metrics at lens", async () => {
    const text = await (await fetch(`${one.urls.lens}/metrics`)).text();
    const total = (name: string, signal: string) =>
      [...text.matchAll(new RegExp(`^lens_${name}_total{signal="${signal}"[^}]*} (\\d+)$`, "gm"))].reduce(
        (sum, [, n]) => sum + Number(n),
        0,
      );
    const signals = ["traces", "logs", "metrics"];
    expect(signals.map((signal) => total("refused", signal))).toEqual([0, 0, 0]);
    return signals.every((signal) => total("received", signal) > 0) || undefined;
  });
});

test("the journey is found by its trace, by its correlation id and by its order", async () => {
  const answer = await one.checkout({}, { "x-correlation-id": "a-client.of_ours-1" });
  expect(answer.correlationId).toBe("a-client.of_ours-1");
  for (const id of [answer.traceId, answer.correlationId, answer.orderId]) {
    const { journey } = await one.journey(id, checkout.expect.hops);
    expect(journey.id).toBe(answer.traceId);
  }
});

test("a caller's trace is continued at one edge and restarted, with a link, at the other", async () => {
  const caller = { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331" };
  const headers = { traceparent: `00-${caller.traceId}-${caller.spanId}-01`, baggage: "scenario.run=edge" };

  const continued = await one.checkout({}, headers);
  expect(continued.traceId).toBe(caller.traceId);
  const found = await one.journey(continued.traceId, checkout.expect.hops);
  expect(found.journey.external).toBe(true);
  const ids = { correlationId: continued.correlationId, run: "edge", external: true };
  judge(found, checkout.expect.hops, "parent+link", ids);

  const restarted = await other.checkout({}, headers);
  expect(restarted.traceId).not.toBe(caller.traceId);
  const { journey } = await other.journey(restarted.traceId, checkout.expect.hops);
  const edge = spanOf(journey, "gateway|POST /api/v1/checkouts|SERVER");
  expect(edge.parentSpanId).toBe("");
  expect(edge.links).toMatchObject([{ ...caller, attributes: { "baton.link": "caller" } }]);
});

test("an order can be read while it is processed, until it is shipped", async () => {
  const answer = await one.checkout({ userId: "ann", items: [{ sku: "mug", quantity: 2 }] });
  const shipped = await eventually("the order to be shipped", async () => {
    const response = await fetch(`${one.urls.gateway}/api/v1/orders/${answer.orderId}`);
    expect(response.status).toBe(200);
    const order = (await response.json()) as Record<string, unknown>;
    return order.status === "SHIPPED" ? order : undefined;
  });
  expect(shipped).toMatchObject({
    orderId: answer.orderId,
    userId: "ann",
    items: [{ sku: "mug", quantity: 2 }],
    totalCents: 1798,
    traceId: expect.stringMatching(/^[0-9a-f]{32}$/),
    correlationId: expect.any(String),
  });
});

const MOST_AT_ONCE = 50;
/** Half of the deadline of each step of a checkout. */
const HALF_A_DEADLINE_MS = 2_500;

/** How many simultaneous checkouts this machine answers well within their deadlines, as busy as it is now. */
async function bearable(): Promise<number> {
  const beganMs = performance.now();
  const few = await Promise.all(Array.from({ length: 10 }, () => one.checkout()));
  const eachMs = (performance.now() - beganMs) / few.length;
  // Their work is finished before anything is counted.
  for (const { traceId } of few) await one.journey(traceId, checkout.expect.hops);
  return Math.max(2, Math.min(MOST_AT_ONCE, Math.floor(HALF_A_DEADLINE_MS / eachMs)));
}

test(`200 checkouts, up to ${MOST_AT_ONCE} at once: no orphan, nothing lost, nothing done twice`, async () => {
  const atOnce = await bearable();
  const before = await effects(one);
  const sent: CheckoutAnswer[] = [];
  const numbers = Array.from({ length: 200 }, (_, n) => n).values();
  const client = async () => {
    for (const n of numbers) {
      const headers: Record<string, string> = n % 5 === 0 ? { baggage: DECLINE } : {};
      sent.push(await one.checkout({ items: [{ sku: "kettle", quantity: 2 }] }, headers));
    }
  };
  await Promise.all(Array.from({ length: atOnce }, client));
  expect(sent.filter((answer) => answer.status === 201).length).toBe(160);
  expect(sent.filter((answer) => answer.status === 402).length).toBe(40);

  for (const answer of sent) {
    const { expect: expected } = answer.status === 201 ? checkout : declined;
    const { journey } = await one.journey(answer.traceId, expected.hops);
    expect(judgeJourney(journey, expected)).toEqual([]);
    expect(journey.orderIds).toEqual([answer.orderId]);
    const own = journey.spans
      .filter((placed) => !placed.shared)
      .map(({ span }) => span.attributes[BATON.correlationId]);
    expect(new Set(own)).toEqual(new Set([answer.correlationId]));
  }
  const after = await effects(one);
  const grown = Object.fromEntries(Object.entries(after).map(([what, n]) => [what, n - (before[what] ?? 0)]));
  expect(grown).toEqual({
    "orders shipped": 160,
    "orders rejected": 40,
    "orders open": 0,
    "cards charged": 160,
    "cards declined": 40,
    "kettles reserved": 320,
    "reservations released": 40,
    shipments: 160,
    "e-mails on record": 160,
    "e-mails delivered": 160,
    "kettles sold": 320,
    "events audited": 360,
    "events unsent": 0,
  });
});

test("checkouts work without lens", async () => {
  // Checked here, because `remove` checks it only when lens runs.
  expect(await undescribed(other.urls.lens)).toEqual([]);
  const lens = other.parts.find((part) => part.name === "lens");
  await lens?.child?.stop();
  await expect(fetch(`${other.urls.lens}/healthz`)).rejects.toThrow();
  const answers = await Promise.all(Array.from({ length: 10 }, () => other.checkout()));
  expect(answers.map((answer) => answer.status)).toEqual(Array.from({ length: 10 }, () => 201));
  const ids = answers.map((answer) => `'${answer.orderId}'`).join(",");
  await eventually("all ten to be shipped", async () => {
    const sql = `SELECT count(*) FROM orders WHERE status = 'SHIPPED' AND order_id IN (${ids})`;
    return (await other.count("orders", sql)) === 10 ? true : undefined;
  });
  expect((await fetch(`${other.urls.gateway}/readyz`)).status).toBe(200);
});

/** Every effect of checkouts, counted where it is stored. */
async function effects(playground: TestPlayground): Promise<Record<string, number>> {
  const { count } = playground;
  const orders = (where: string) => count("orders", `SELECT count(*) FROM orders WHERE ${where}`);
  return {
    "orders shipped": await orders("status = 'SHIPPED'"),
    "orders rejected": await orders("status = 'REJECTED'"),
    "orders open": await orders("status NOT IN ('SHIPPED', 'REJECTED')"),
    "cards charged": await count(
      "payments",
      "SELECT count(DISTINCT order_id) FROM charges WHERE status = 'charged'",
    ),
    "cards declined": await count("payments", "SELECT count(*) FROM charges WHERE status = 'declined'"),
    "kettles reserved": await count("inventory", "SELECT reserved FROM products WHERE sku = 'kettle'"),
    "reservations released": await count(
      "inventory",
      "SELECT count(*) FROM reservations WHERE released_at IS NOT NULL",
    ),
    shipments: await count("shipping", "SELECT count(*) FROM shipments WHERE shipped_at IS NOT NULL"),
    "e-mails on record": await count("notifications", "SELECT count(*) FROM emails"),
    "e-mails delivered": (await readdir(path.join(playground.dir, "mail"))).length,
    "kettles sold": await count(
      "analytics",
      "SELECT COALESCE(sum(quantity), 0) FROM sales WHERE sku = 'kettle'",
    ),
    "events audited": await count("analytics", "SELECT count(*) FROM audit"),
    "events unsent": await unsentOf(playground),
  };
}
