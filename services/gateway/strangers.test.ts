/** What callers from outside get: pages in browsers, and clients while a service is unreachable. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { AppError } from "../_kit/process/errors.ts";
import { type Asker, asker } from "./ask.fixture.ts";
import { type Door, openDoor } from "./shop.fixture.ts";

const ORIGIN = "http://127.0.0.1:5173";
const good = { userId: "ann", items: [{ sku: "teapot", quantity: 1 }], payment: { token: "tok_visa" } };
let door: Door;
let ask: Asker["ask"];
let send: Asker["send"];
beforeAll(async () => {
  door = await openDoor({ corsOrigins: [ORIGIN] });
  ({ ask, send } = asker(door));
});
afterAll(() => door.close());

const preflight = (origin: string) =>
  ask("/api/v1/checkouts", {
    method: "OPTIONS",
    headers: {
      origin,
      "access-control-request-method": "POST",
      "access-control-request-headers": "content-type,traceparent,baggage,idempotency-key",
    },
  });

test("a page of a configured origin may send the context, and may read the ids of the answer", async () => {
  const asked = await preflight(ORIGIN);
  expect(asked.status).toBe(204);
  expect(asked.headers.get("access-control-allow-origin")).toBe(ORIGIN);
  const allowed = (asked.headers.get("access-control-allow-headers") ?? "").toLowerCase().split(",");
  for (const name of [
    "traceparent",
    "tracestate",
    "baggage",
    "x-correlation-id",
    "content-type",
    "idempotency-key",
  ])
    expect(allowed, name).toContain(name);
  const answer = await send("POST", "/api/v1/checkouts", good, { origin: ORIGIN });
  expect(answer.status).toBe(201);
  expect(answer.headers.get("access-control-expose-headers")).toMatch(/x-correlation-id/i);
  const refused = await send("POST", "/api/v1/checkouts", {}, { origin: ORIGIN });
  expect([refused.status, refused.headers.get("access-control-allow-origin")]).toEqual([422, ORIGIN]);
});

test.each(["http://evil.example", "null", `${ORIGIN}0`])("a page of %s may not", async (origin) => {
  expect((await preflight(origin)).headers.get("access-control-allow-origin")).toBeNull();
  const answer = await send("POST", "/api/v1/checkouts", good, { origin });
  expect(answer.headers.get("access-control-allow-origin")).toBeNull();
});

test("a request that is under way already is answered by 409, with the time of a retry", async () => {
  const underWay = new AppError("conflict", "it is under way", { reason: "in_progress" });
  const { impl } = door.fake;
  const { checkout } = impl;
  impl.checkout = async () => {
    throw underWay;
  };
  const answer = await send("POST", "/api/v1/checkouts", good);
  impl.checkout = checkout;
  expect([answer.status, answer.headers.get("retry-after")]).toEqual([409, "1"]);
});

test("when a service is unreachable, the answer names no internal address", async () => {
  await door.orphan();
  const answer = await send("POST", "/api/v1/checkouts", good);
  expect(answer).toMatchObject({ status: 503, body: { detail: "a service that this needs is away" } });
  expect(answer.headers.get("retry-after")).toBe("1");
});
