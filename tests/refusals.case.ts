import { beforeAll, expect, test } from "vitest";
import checkout from "../load/scenarios/checkout.ts";
import declined from "../load/scenarios/payment-declined.ts";
import { spanOf } from "./judge.ts";
import { onePlayground } from "./one-playground.ts";
import type { TestPlayground } from "./playground.ts";

let playground: TestPlayground;

beforeAll(async () => {
  playground = await onePlayground();
});

const good = { userId: "ann", items: [{ sku: "teapot", quantity: 1 }], payment: { token: "tok_visa" } };
const EDGE = "gateway|POST /api/v1/checkouts|SERVER";

test("bad input gets the right status as problem+json with both ids, leaks nothing, and stores nothing", async () => {
  const refused: [string, string, number, RegExp][] = [
    ["malformed JSON", "{", 400, /not JSON/],
    ["no body", "", 400, /not JSON/],
    ["an unknown SKU", JSON.stringify({ ...good, items: [{ sku: "unicorn", quantity: 1 }] }), 422, /unicorn/],
    [
      "quantity 0",
      JSON.stringify({ ...good, items: [{ sku: "mug", quantity: 0 }] }),
      422,
      /items\.0\.quantity/,
    ],
    ["no items", JSON.stringify({ ...good, items: [] }), 422, /items/],
    ["a field too many", JSON.stringify({ ...good, admin: true }), 422, /admin/],
    ["a body of 1 MB", JSON.stringify({ ...good, userId: "x".repeat(1_000_000) }), 413, /65536/],
  ];
  for (const [what, body, status, detail] of refused) {
    const answer = await playground.post(body);
    expect(answer.status, what).toBe(status);
    expect(answer.body, what).toMatchObject({
      type: expect.stringMatching(/^urn:baton:problem:/),
      title: expect.any(String),
      status,
      detail: expect.stringMatching(detail),
      correlationId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      traceId: expect.stringMatching(/^[0-9a-f]{32}$/),
    });
    expect(JSON.stringify(answer.body), what).not.toMatch(/node_modules|\.ts:|\bat .*\(/);
  }
  for (const [service, table] of [
    ["orders", "orders"],
    ["inventory", "reservations"],
    ["payments", "charges"],
  ] as const) {
    expect(await playground.count(service, `SELECT count(*) FROM ${table}`), table).toBe(0);
  }
});

test("an unknown order and an unknown path are not found", async () => {
  for (const path of ["/api/v1/orders/no-such-order", "/api/v1/nothing"]) {
    const response = await fetch(`${playground.urls.gateway}${path}`);
    expect(response.status).toBe(404);
    expect(response.headers.get("content-type")).toBe("application/problem+json");
    const body = (await response.json()) as Record<string, unknown>;
    expect(body).toMatchObject({ status: 404, correlationId: response.headers.get("x-correlation-id") });
  }
});

test("the last piece is sold once; the other customers get 409 and are not charged", async () => {
  const items = [{ sku: "last-one", quantity: 1 }];
  const answers = await Promise.all([1, 2, 3].map(() => playground.checkout({ items })));
  expect(answers.map((answer) => answer.status).toSorted()).toEqual([201, 409, 409]);
  expect(await playground.count("payments", "SELECT count(*) FROM charges")).toBe(1);
  expect(await playground.count("inventory", "SELECT stock FROM products WHERE sku = 'last-one'")).toBe(0);
});

test("a hostile correlation id, a broken traceparent and oversized baggage are dropped, as its span says", async () => {
  const answer = await playground.checkout(
    {},
    {
      "x-correlation-id": "x y<z>",
      traceparent: "00-0-0-0",
      baggage: `fault=payments.charge%3Adeclined,junk=${"j".repeat(9_000)}`,
    },
  );
  expect(answer.status).toBe(201);
  expect(answer.correlationId).toMatch(/^[0-9a-f-]{36}$/);
  const { journey } = await playground.journey(answer.traceId, checkout.expect.hops);
  expect(journey.external).toBe(false);
  expect(spanOf(journey, EDGE).attributes["baton.edge.refused"]).toEqual([
    "traceparent",
    "correlation_id",
    "baggage",
  ]);
});

test("a declined card releases the reservation", async () => {
  const reserved = () => playground.count("inventory", "SELECT reserved FROM products WHERE sku = 'mug'");
  const before = await reserved();
  const answer = await playground.checkout({
    items: [{ sku: "mug", quantity: 3 }],
    payment: { token: "tok_declined" },
  });
  expect(answer.status).toBe(402);
  expect(await reserved()).toBe(before);
  const { journey } = await playground.journey(answer.traceId, declined.expect.hops);
  expect(journey.cause).toMatchObject(declined.expect.cause ?? {});
});

test("no card token is in any span or log record", async () => {
  const token = "tok_4111111111111111";
  const answer = await playground.checkout({ payment: { token } });
  const found = await playground.journey(answer.traceId, checkout.expect.hops);
  const text = JSON.stringify(found, (_, value: unknown) =>
    typeof value === "bigint" ? String(value) : value,
  );
  expect(text).toContain(answer.orderId);
  expect(text).not.toContain("4111111111111111");
});
