import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { OrderStatus } from "../_contracts/gen/baton/orders/v1/orders_pb.js";
import { type Asker, accepting, asker } from "./ask.fixture.ts";
import { UserBody } from "./routes.ts";
import { AT, type Door, openDoor } from "./shop.fixture.ts";

let door: Door;
let ask: Asker["ask"];
let send: Asker["send"];
beforeAll(async () => {
  door = await openDoor({ maxOpen: 3 });
  ({ ask, send } = asker(door));
});
afterAll(() => door.close());

const good = { userId: "ann", items: [{ sku: "mug", quantity: 2 }], payment: { token: "tok_visa" } };

describe("users", () => {
  test("are created once for a key, and found where the answer says", async () => {
    const key = { "idempotency-key": "sign-up-1" };
    const ann = { name: "Ann Other", email: "ann@example.test" };
    const made = await send("POST", "/api/v1/users", ann, key);
    expect(made).toMatchObject({ status: 201, body: { ...ann, createdAt: AT } });
    const location = made.headers.get("location") ?? "";
    expect(location).toBe(`/api/v1/users/${made.body.userId}`);
    expect((await ask(location)).body).toEqual(made.body);
    expect((await send("POST", "/api/v1/users", ann, key)).body.userId).toBe(made.body.userId);
    expect(await send("POST", "/api/v1/users", { ...ann, name: "Bob" }, key)).toMatchObject({
      status: 422,
      body: { type: "urn:baton:problem:idempotency-key-reused" },
    });
    expect(await send("POST", "/api/v1/users", ann)).toMatchObject({
      status: 409,
      body: { type: "urn:baton:problem:email-taken" },
    });
  });

  test("that do not exist are not found, and text that cannot be an id costs no call", async () => {
    expect((await ask("/api/v1/users/nobody")).status).toBe(404);
    const before = door.fake.calls.length;
    expect((await ask("/api/v1/users/%00")).status).toBe(404);
    expect((await ask(`/api/v1/orders/${"x".repeat(129)}`)).status).toBe(404);
    expect(door.fake.calls.length).toBe(before);
  });

  test.each([
    ["a line break", "Ann\nBcc: all"],
    ["a separator of lines", "Ann\u2028Other"],
    ["half a letter", "Ann \ud83d"],
    ["nothing but space", "   "],
    ["nothing", ""],
    ["201 letters", "a".repeat(201)],
  ])("have no name with %s", (_what, name) => {
    expect(UserBody.safeParse({ name, email: "ann@example.test" }).success).toBe(false);
  });

  test("have names of any alphabet", () => {
    const names = ["Анна", "Anaïs", "李", "Ann 👩‍🚀"];
    for (const name of names) UserBody.parse({ name, email: "ann@example.test" });
  });
});

describe("checkouts", () => {
  test("answer with the order's id and where it is", async () => {
    const placed = await send("POST", "/api/v1/checkouts", good);
    expect(placed).toMatchObject({ status: 201, type: "application/json", body: { status: "CONFIRMED" } });
    expect(placed.headers.get("location")).toBe(`/api/v1/orders/${placed.body.orderId}`);
    expect(placed.headers.get("vary")).toBe("Accept");
  });

  test("are the same for the same key and body, in either version and any order of members", async () => {
    const key = { "idempotency-key": "k-1" };
    const first = await send("POST", "/api/v1/checkouts", good, key);
    const { userId, items, payment } = good;
    const again = await send("POST", "/api/v1/checkouts", { payment, items, userId }, key);
    const inV2 = await send("POST", "/api/v2/checkouts", { userId, lines: items, payment }, key);
    expect([again.status, again.body]).toEqual([201, first.body]);
    expect([inV2.status, inV2.body.data.id]).toEqual([201, first.body.orderId]);
  });

  test("with the key of another body are refused; without a key each is a new one", async () => {
    const key = { "idempotency-key": "k-2" };
    const first = await send("POST", "/api/v1/checkouts", good, key);
    const other = { ...good, items: [{ sku: "mug", quantity: 3 }] };
    expect(await send("POST", "/api/v1/checkouts", other, key)).toMatchObject({
      status: 422,
      body: { type: "urn:baton:problem:idempotency-key-reused", status: 422 },
    });
    const fresh = await send("POST", "/api/v1/checkouts", good);
    expect(fresh.body.orderId).not.toBe(first.body.orderId);
  });

  test("with a declined card are 402, as often as they are repeated", async () => {
    const declined = { ...good, payment: { token: "tok_declined" } };
    const key = { "idempotency-key": "k-3" };
    const first = await send("POST", "/api/v1/checkouts", declined, key);
    expect(first).toMatchObject({ status: 402, body: { orderStatus: "REJECTED" } });
    expect((await send("POST", "/api/v1/checkouts", declined, key)).body).toEqual(first.body);
  });

  test("go on when their client goes away", async () => {
    const { impl } = door.fake;
    const { checkout } = impl;
    const [begun, gone] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const ended = Promise.withResolvers<boolean>();
    impl.checkout = async (request, context) => {
      begun.resolve();
      await gone.promise;
      // A cancellation would have arrived by then: this call comes behind it on the same connection.
      await ask("/api/v1/orders/nobody");
      ended.resolve(context.signal.aborted);
      return checkout(request, context);
    };
    const client = new AbortController();
    const lost = fetch(`${door.url}/api/v1/checkouts`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(good),
      signal: client.signal,
    });
    await begun.promise;
    client.abort();
    await expect(lost).rejects.toThrow();
    gone.resolve();
    expect(await ended.promise).toBe(false);
    impl.checkout = checkout;
  });

  test.each(["", "two words", "é", "x".repeat(256)])("refuse %j as a key", async (key) => {
    const answer = await send("POST", "/api/v1/checkouts", good, { "idempotency-key": key });
    expect(answer).toMatchObject({
      status: 400,
      body: { detail: expect.stringContaining("Idempotency-Key") },
    });
  });
});

describe("an order", () => {
  test("is read whole or by some of its fields, and its id is always there", async () => {
    const id = door.fake.add(OrderStatus.CONFIRMED);
    const whole = await ask(`/api/v1/orders/${id}`);
    expect(whole.body).toEqual({
      orderId: id,
      userId: "ann",
      status: "CONFIRMED",
      reason: "",
      items: [{ sku: "mug", quantity: 2 }],
      totalCents: 2_405,
      createdAt: AT,
      updatedAt: AT,
    });
    expect((await ask(`/api/v1/orders/${id}?fields=status,totalCents`)).body).toEqual({
      orderId: id,
      status: "CONFIRMED",
      totalCents: 2_405,
    });
    expect(await ask(`/api/v1/orders/${id}?fields=status,price`)).toMatchObject({
      status: 400,
      body: { detail: expect.stringMatching(/"price".*orderId, userId, status/) },
    });
  });

  test("has a history", async () => {
    const id = door.fake.add(OrderStatus.REJECTED, "ann", "out_of_stock");
    expect((await ask(`/api/v1/orders/${id}/history`)).body).toEqual({
      orderId: id,
      history: [
        { position: 1, status: "PENDING", reason: "", at: AT },
        { position: 2, status: "REJECTED", reason: "out_of_stock", at: AT },
      ],
    });
    expect((await ask("/api/v1/orders/nobody/history")).status).toBe(404);
  });

  test("is delivered once it is shipped; a client can set no other status", async () => {
    const id = door.fake.add(OrderStatus.SHIPPED);
    const put = (status: unknown, order = id) => send("PUT", `/api/v1/orders/${order}/status`, { status });
    expect(await put("CANCELLED")).toMatchObject({ status: 409, body: { title: "wrong status" } });
    expect(await put("LOST")).toMatchObject({
      status: 422,
      body: { detail: expect.stringContaining("status") },
    });
    expect(await put("DELIVERED")).toMatchObject({ status: 200, body: { orderId: id, status: "DELIVERED" } });
    expect((await put("DELIVERED")).status).toBe(200);
    expect((await put("DELIVERED", door.fake.add(OrderStatus.CONFIRMED))).status).toBe(409);
    expect((await put("DELIVERED", "nobody")).status).toBe(404);
  });

  test("is cancelled until it is shipped", async () => {
    const cancel = (id: string) => ask(`/api/v1/orders/${id}`, { method: "DELETE" });
    const id = door.fake.add(OrderStatus.CONFIRMED);
    expect(await cancel(id)).toMatchObject({ status: 200, body: { orderId: id, status: "CANCELLED" } });
    expect((await cancel(door.fake.add(OrderStatus.SHIPPED))).status).toBe(409);
    expect((await cancel("nobody")).status).toBe(404);
  });
});

test("another method at a known path is refused, and the answer says which are allowed", async () => {
  const refused = [
    ["PUT", "/api/v1/checkouts", "POST"],
    ["POST", "/api/v2/orders/o-1", "GET, DELETE, HEAD"],
    ["PATCH", "/api/orders/o-1/status", "PUT"],
    ["POST", "/healthz", "GET, HEAD"],
  ];
  for (const [method = "", path = "", allowed] of refused) {
    const answer = await ask(path, { method });
    expect(answer, path).toMatchObject({ status: 405, type: "application/problem+json" });
    expect(answer.headers.get("allow"), path).toBe(allowed);
  }
  const id = door.fake.add(OrderStatus.CONFIRMED);
  expect(await ask(`/api/v1/orders/${id}`, { method: "HEAD" })).toMatchObject({ status: 200, body: "" });
  expect(await ask(`/api/v1/orders/${id}/events`, { method: "HEAD" })).toMatchObject({
    status: 200,
    body: "",
  });
  expect(
    (await ask("/api/v1/orders?userId=ann", { method: "HEAD", ...accepting("application/x-ndjson") })).status,
  ).toBe(200);
});
