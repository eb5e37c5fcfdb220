/** The public API against the whole shop, as far as the tests of checkouts do not cover it. */
import { readFile } from "node:fs/promises";
import path from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { JOURNEYS } from "../load/hops.ts";
import { eventually } from "./fixtures.ts";
import { judge } from "./judge.ts";
import { onePlayground } from "./one-playground.ts";
import { patient } from "./patience.ts";
import type { TestPlayground } from "./playground.ts";

let playground: TestPlayground;
let api: string;

beforeAll(async () => {
  playground = await onePlayground();
  api = `${playground.urls.gateway}/api`;
});

type Body = Record<string, unknown>;

const ask: TestPlayground["ask"] = (...request) => playground.ask(...request);

const order = (userId: string, quantity = 1) => ({
  userId,
  items: [{ sku: "kettle", quantity }],
  payment: { token: "tok_visa" },
});

/** The first attempts to pick fail and are retried, so that the order can still be cancelled. */
const PICKED_LATE = { baggage: `fault=${encodeURIComponent("shipping.pick:failed*4")}` };

/** Waits until an order is in this state. */
const untilStatus = (orderId: unknown, status: string) =>
  eventually(`the order to be ${status}`, async () => {
    const { body } = await ask("GET", `/v1/orders/${orderId}`);
    return body.status === status ? body : undefined;
  });

test("a sign-up sends a welcome e-mail, is counted, and is one journey over every hop", async () => {
  const baggage = { baggage: "scenario.run=sign-up" };
  const email = "Ann@example.test";
  const signedUp = await ask("POST", "/v1/users", { name: "Ann", email }, baggage);
  expect(signedUp).toMatchObject({ status: 201, body: { userId: expect.any(String) } });
  const { userId, correlationId, traceId } = signedUp.body;
  expect(signedUp.headers.get("location")).toBe(`/api/v1/users/${userId}`);
  expect(await ask("GET", `/v1/users/${userId}`)).toMatchObject({
    status: 200,
    body: { name: "Ann", email },
  });
  expect(await ask("POST", "/v1/users", { name: "Ann", email: email.toLowerCase() })).toMatchObject({
    status: 409,
    body: { type: "urn:baton:problem:email-taken" },
  });

  const found = await playground.journey(String(traceId), JOURNEYS["sign-up"]);
  judge(found, JOURNEYS["sign-up"], "parent+link", { correlationId: String(correlationId), run: "sign-up" });
  expect(JSON.stringify(found, (_, v: unknown) => (typeof v === "bigint" ? `${v}` : v))).not.toContain(email);
  const [mail] = await playground.rows<{ email_id: string }>(
    "notifications",
    `SELECT email_id FROM emails WHERE kind = 'welcome' AND user_id = '${userId}'`,
  );
  expect(
    await readFile(path.join(playground.dir, "mail", `welcome-${mail?.email_id}.eml`), "utf8"),
  ).toContain(email);
});

describe("a checkout with an idempotency key", () => {
  const key = { "idempotency-key": "once-only" };

  test("is made once; the same request gets the same answer, another one is refused", async () => {
    const first = await ask("POST", "/v1/checkouts", order("ida"), key);
    const again = await ask("POST", "/v1/checkouts", order("ida"), key);
    expect(first.status).toBe(201);
    expect([again.status, again.body.orderId]).toEqual([201, first.body.orderId]);
    expect(await ask("POST", "/v1/checkouts", order("ida", 2), key)).toMatchObject({
      status: 422,
      body: { type: "urn:baton:problem:idempotency-key-reused" },
    });
    const charged = `SELECT count(*) FROM charges WHERE order_id = '${first.body.orderId}'`;
    expect(await playground.count("payments", charged)).toBe(1);
    expect(await playground.count("orders", "SELECT count(*) FROM orders WHERE user_id = 'ida'")).toBe(1);
  });

  test("is made once when ten are sent at the same time", async () => {
    const answers = await Promise.all(
      Array.from({ length: 10 }, () =>
        ask("POST", "/v1/checkouts", order("ten"), { "idempotency-key": "ten-at-once" }),
      ),
    );
    const made = answers.filter(({ status }) => status === 201);
    expect(made.length).toBeGreaterThan(0);
    expect(new Set(made.map(({ body }) => body.orderId)).size).toBe(1);
    for (const { status, body } of answers.filter((answer) => answer.status !== 201))
      expect([status, body.type]).toEqual([409, "urn:baton:problem:in-progress"]);
    expect(await playground.count("orders", "SELECT count(*) FROM orders WHERE user_id = 'ten'")).toBe(1);
  });
});

describe("an order that is cancelled", () => {
  test("gives back stock and money, stops the parcel, and is one journey over every hop", async () => {
    const { body } = await ask("POST", "/v1/checkouts", order("carl"), PICKED_LATE);
    const answer = await ask("DELETE", `/v1/orders/${body.orderId}`, undefined, {
      baggage: "scenario.run=cancel",
    });
    expect(answer).toMatchObject({ status: 200, body: { status: "CANCELLED" } });
    const ids = { correlationId: String(answer.body.correlationId), run: "cancel" };
    judge(
      await playground.journey(String(answer.body.traceId), JOURNEYS.cancel),
      JOURNEYS.cancel,
      "parent+link",
      ids,
    );

    const refunded = `SELECT count(*) FROM charges WHERE order_id = '${body.orderId}' AND refunded_at IS NOT NULL`;
    expect(await playground.count("payments", refunded)).toBe(1);
    const released = `SELECT count(*) FROM reservations WHERE order_id = '${body.orderId}' AND released_at IS NOT NULL`;
    expect(await playground.count("inventory", released)).toBe(1);
    const again = await ask("DELETE", `/v1/orders/${body.orderId}`);
    expect(again).toMatchObject({ status: 200, body: { status: "CANCELLED" } });
    expect(await playground.count("payments", refunded)).toBe(1);
  });

  test("is refused once it is shipped", async () => {
    const { body } = await ask("POST", "/v1/checkouts", order("sam"));
    await untilStatus(body.orderId, "SHIPPED");
    expect(await ask("DELETE", `/v1/orders/${body.orderId}`)).toMatchObject({
      status: 409,
      body: { type: "urn:baton:problem:wrong-status", orderStatus: "SHIPPED" },
    });
  });
});

test("a shipped order can be set to DELIVERED, and to no other status", async () => {
  const { body } = await ask("POST", "/v1/checkouts", order("dora"));
  const put = (status: string) => ask("PUT", `/v1/orders/${body.orderId}/status`, { status });
  await untilStatus(body.orderId, "SHIPPED");
  expect(await put("CONFIRMED")).toMatchObject({ status: 409 });
  expect(await put("LOST")).toMatchObject({ status: 422 });
  expect(await put("DELIVERED")).toMatchObject({ status: 200, body: { status: "DELIVERED" } });
  const history = await ask("GET", `/v1/orders/${body.orderId}/history`);
  const entries = history.body.history as { status: string }[];
  expect(entries.map(({ status }) => status)).toEqual(["PENDING", "CONFIRMED", "SHIPPED", "DELIVERED"]);
});

test("a watcher of an order sees it shipped, may act at once, and after a break gets only new events", async () => {
  const { body } = await ask("POST", "/v1/checkouts", order("eve"));
  const seen = await events(`${api}/v1/orders/${body.orderId}/events`, "SHIPPED");
  expect(seen.map(({ id, status }) => [id, status])).toEqual([
    ["1", "PENDING"],
    ["2", "CONFIRMED"],
    ["3", "SHIPPED"],
  ]);
  const put = await ask("PUT", `/v1/orders/${body.orderId}/status`, { status: "DELIVERED" });
  expect(put).toMatchObject({ status: 200, body: { status: "DELIVERED" } });
  const rest = await events(`${api}/v1/orders/${body.orderId}/events`, "DELIVERED", { "last-event-id": "2" });
  expect(rest.map(({ id }) => id)).toEqual(["3", "4"]);
});

/** Reads server-sent events until one with this status. */
async function events(url: string, last: string, headers: Record<string, string> = {}) {
  const stop = new AbortController();
  const response = await fetch(url, {
    headers,
    signal: AbortSignal.any([stop.signal, AbortSignal.timeout(patient(20_000))]),
  });
  expect(response.headers.get("content-type")).toMatch(/^text\/event-stream/);
  const seen: { id: string; status: string }[] = [];
  let text = "";
  for await (const chunk of (response.body as ReadableStream<Uint8Array>).pipeThrough(
    new TextDecoderStream(),
  )) {
    text += chunk;
    const blocks = text.split("\n\n");
    text = blocks.pop() ?? "";
    for (const block of blocks) {
      const id = /^id: ?(.*)$/m.exec(block)?.[1];
      const data = /^data: ?(.*)$/m.exec(block)?.[1];
      if (id !== undefined && data !== undefined) seen.push({ id, status: String(JSON.parse(data).status) });
    }
    if (seen.at(-1)?.status === last) break;
  }
  stop.abort();
  return seen;
}

test("a user's orders are listed as pages with a cursor, and as lines", async () => {
  const made: unknown[] = [];
  for (let n = 0; n < 5; n++) made.unshift((await ask("POST", "/v1/checkouts", order("lee"))).body.orderId);
  const ids = (page: Body) => (page.orders as { orderId: string }[]).map(({ orderId }) => orderId);
  const first = await ask("GET", "/v1/orders?userId=lee&limit=3");
  const second = await ask("GET", `/v1/orders?userId=lee&limit=3&cursor=${first.body.nextCursor}`);
  expect([...ids(first.body), ...ids(second.body)]).toEqual(made);
  expect(second.body.nextCursor ?? null).toBeNull();
  const madeUp = await ask("GET", "/v1/orders?userId=lee&cursor=made-up");
  expect(madeUp).toMatchObject({ status: 400, body: { detail: expect.stringContaining("cursor") } });

  const lines = await fetch(`${api}/v1/orders?userId=lee`, { headers: { accept: "application/x-ndjson" } });
  const text = (await lines.text()).trim().split("\n");
  expect(text.map((line) => (JSON.parse(line) as { orderId: string }).orderId)).toEqual(made);
});

test("version 2 is another shape of the same order, by its address and by Accept", async () => {
  const { body } = await ask("POST", "/v1/checkouts", order("vera", 2));
  await untilStatus(body.orderId, "SHIPPED");
  const byUrl = await ask("GET", `/v2/orders/${body.orderId}`);
  const byAccept = await ask("GET", `/orders/${body.orderId}`, undefined, {
    accept: "application/vnd.baton.v2+json",
  });
  expect(byUrl.body.data).toMatchObject({ id: body.orderId, total: { amount: "79.98", currency: "EUR" } });
  // Its links have the form of the request's address: with the version in it, or without.
  const { links: _ofUrl, ...sameByUrl } = byUrl.body.data as Body;
  const { links: _ofAccept, ...sameByAccept } = byAccept.body.data as Body;
  expect(sameByAccept).toEqual(sameByUrl);
  const unknown = { accept: "application/vnd.baton.v9+json" };
  expect((await ask("GET", `/orders/${body.orderId}`, undefined, unknown)).status).toBe(406);
});

test("a refund survives an outage of payments: it is done when payments is back", async () => {
  const { body } = await ask("POST", "/v1/checkouts", order("paul"), PICKED_LATE);
  const payments = playground.parts.find(({ name }) => name === "payments");
  const exits = payments?.child?.exits() ?? 0;
  payments?.child?.signal("SIGKILL");
  const cancelled = await ask("DELETE", `/v1/orders/${body.orderId}`);
  expect(cancelled).toMatchObject({ status: 200, body: { status: "CANCELLED" } });
  const refunded = `SELECT count(*) FROM charges WHERE order_id = '${body.orderId}' AND refunded_at IS NOT NULL`;
  await eventually(
    "payments to be back and the money with it",
    async () => (await playground.count("payments", refunded)) === 1 || undefined,
  );
  expect(payments?.child?.exits()).toBe(exits + 1);
});
