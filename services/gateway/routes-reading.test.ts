import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually } from "../../tests/fixtures.ts";
import { OrderStatus } from "../_contracts/gen/baton/orders/v1/orders_pb.js";
import { AppError } from "../_kit/process/errors.ts";
import { type Asker, accepting, asker } from "./ask.fixture.ts";
import { ListQuery } from "./routes.ts";
import { AT, type Door, openDoor } from "./shop.fixture.ts";

let door: Door;
let ask: Asker["ask"];
beforeAll(async () => {
  door = await openDoor({ maxOpen: 3 });
  ({ ask } = asker(door));
});
afterAll(() => door.close());

describe("a user's orders", () => {
  const user = "lister";
  beforeAll(() => {
    for (let n = 0; n < 25; n += 1) door.fake.add(OrderStatus.CONFIRMED, user);
  });
  const idsOf = (body: { orders: { orderId: string }[] }) => body.orders.map(({ orderId }) => orderId);
  const newestFirst = () =>
    [...door.fake.orders.values()]
      .filter((o) => o.userId === user)
      .map((o) => o.orderId)
      .toReversed();

  test("come in pages of 20, newest first, each but the last with a cursor", async () => {
    const first = await ask(`/api/v1/orders?userId=${user}`);
    expect(idsOf(first.body)).toEqual(newestFirst().slice(0, 20));
    const second = await ask(`/api/v1/orders?userId=${user}&cursor=${first.body.nextCursor}&fields=status`);
    expect(idsOf(second.body)).toEqual(newestFirst().slice(20));
    expect(second.body.orders[0]).toEqual({ orderId: newestFirst()[20], status: "CONFIRMED" });
    expect(second.body).not.toHaveProperty("nextCursor");
    const exact = await ask(`/api/v1/orders?userId=${user}&limit=25`);
    expect(exact.body).not.toHaveProperty("nextCursor");
    expect((await ask("/api/v1/orders?userId=nobody")).body).toEqual({ orders: [] });
  });

  test("come as lines when the client asks for lines, all of them unless it gives a limit", async () => {
    const lines = async (query: string) => {
      const answer = await ask(`/api/v1/orders?userId=${user}${query}`, accepting("application/x-ndjson"));
      expect(answer).toMatchObject({ status: 200, type: "application/x-ndjson" });
      return String(answer.body)
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line) as { orderId: string; cursor: string });
    };
    expect((await lines("")).map(({ orderId }) => orderId)).toEqual(newestFirst());
    const two = await lines("&limit=2&fields=orderId");
    expect(two).toEqual(
      newestFirst()
        .slice(0, 2)
        .map((orderId) => ({ orderId, cursor: orderId })),
    );
  });

  test("are not listed for an invalid query", async () => {
    const refused = [
      ["", "userId"],
      ["?userId=a%20b", "userId"],
      ["?userId=ann&limit=0", "limit"],
      ["?userId=ann&limit=101", "limit"],
      ["?userId=ann&limit=1e1", "limit"],
      ["?userId=ann&cursor=%00", "cursor"],
      ["?userId=ann&cursor=made-up", "cursor"],
      ["?userId=ann&fields=secret", "fields"],
    ];
    for (const [query, names] of refused) {
      for (const accept of ["application/json", "application/x-ndjson"]) {
        const answer = await ask(`/api/v1/orders${query}`, accepting(accept));
        expect(answer, query).toMatchObject({
          status: 400,
          type: "application/problem+json",
          body: { detail: expect.stringContaining(names ?? "") },
        });
      }
    }
    expect(ListQuery.parse({ userId: "ann", limit: "100" }).limit).toBe(100);
  });

  test("are no longer read when their client has gone", async () => {
    const { impl } = door.fake;
    const { listOrders } = impl;
    const over = Promise.withResolvers<void>();
    impl.listOrders = async function* (request, context) {
      yield* listOrders({ ...request, limit: 1 }, context);
      context.signal.addEventListener("abort", () => over.resolve());
      await over.promise;
    };
    const client = new AbortController();
    const response = await fetch(`${door.url}/api/v1/orders?userId=${user}`, {
      ...accepting("application/x-ndjson"),
      signal: client.signal,
    });
    const reader = response.body?.getReader();
    expect(new TextDecoder().decode((await reader?.read())?.value)).toMatch(/^\{.*\}\n$/);
    client.abort();
    await over.promise;
    impl.listOrders = listOrders;
  });

  test("end with the problem as the last line when the list breaks off", async () => {
    const { impl } = door.fake;
    const { listOrders } = impl;
    impl.listOrders = async function* (request, context) {
      yield* listOrders({ ...request, limit: 2 }, context);
      throw new AppError("unavailable", "the database went away");
    };
    const lines = await ask(`/api/v1/orders?userId=${user}`, accepting("application/x-ndjson"));
    const page = await ask(`/api/v1/orders?userId=${user}`);
    impl.listOrders = listOrders;
    expect(lines.status).toBe(200);
    const last = String(lines.body).trimEnd().split("\n");
    expect(last).toHaveLength(3);
    expect(JSON.parse(last[2] ?? "")).toMatchObject({ status: 503, type: "urn:baton:problem:unavailable" });
    expect(page.status, "a page is whole or not at all").toBe(503);
  });
});

describe("the events of an order", () => {
  const told = (orderId: string, more = {}) => ({ orderId, userId: "ann", at: AT, ...more });
  const item = { items: [{ sku: "mug", quantity: 1 }] };

  test("are its history, then what comes, until nothing more can come", async () => {
    const id = door.fake.add(OrderStatus.CONFIRMED);
    const open = ask(`/api/v1/orders/${id}/events`);
    await eventually("the stream to be open", () => (door.feed.watched > 0 ? true : undefined));
    door.feed.take("OrderConfirmed", () => told(id, { ...item, totalCents: 1 }));
    door.feed.take("OrderShipped", () => told(id));
    door.feed.take("OrderShipped", () => told("another"));
    door.feed.take("OrderDelivered", () => told(id));
    const { status, type, body } = await open;
    expect([status, type]).toEqual([200, "text/event-stream"]);
    const event = (position: number, state: string) =>
      `id: ${position}\nevent: status\ndata: ${JSON.stringify({ orderId: id, status: state, reason: "", at: AT })}\n\n`;
    const all = [event(1, "PENDING"), event(2, "CONFIRMED"), event(3, "SHIPPED"), event(4, "DELIVERED")];
    expect(body).toBe(`retry: 2000\n\n${all.join("")}`);
    expect(door.feed.watched).toBe(0);
  });

  test("go on behind the last one seen, by header or parameter; when no more can come, 204", async () => {
    const id = door.fake.add(OrderStatus.DELIVERED);
    const seen = async (query: string, headers: Record<string, string> = {}) => {
      const { status, body } = await ask(`/api/v1/orders/${id}/events${query}`, { headers });
      return [status, [...String(body).matchAll(/^id: (\d)$/gm)].map((match) => match[1]).join("")];
    };
    expect(await seen("?lastEventId=2")).toEqual([200, "34"]);
    expect(await seen("?lastEventId=1", { "last-event-id": "3" })).toEqual([200, "4"]);
    expect(await seen("", { "last-event-id": "4" })).toEqual([204, ""]);
    for (const garbage of ["x", "-1", "5", "1.0", "01"]) {
      expect((await seen(`?lastEventId=${garbage}`))[0], garbage).toBe(400);
      expect((await seen("", { "last-event-id": garbage }))[0], garbage).toBe(400);
    }
  });

  test("are not found for an unknown order, and unavailable while too many streams are open", async () => {
    expect((await ask("/api/v1/orders/nobody/events")).status).toBe(404);
    const clients = [1, 2, 3].map(() => new AbortController());
    const id = door.fake.add(OrderStatus.CONFIRMED);
    const open = (signal?: AbortSignal) =>
      fetch(`${door.url}/api/v1/orders/${id}/events`, signal ? { signal } : {});
    for (const { signal } of clients) expect((await open(signal)).status).toBe(200);
    const refused = await open();
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "1"]);
    for (const client of clients) client.abort();
    await eventually("the streams to be closed", () => (door.feed.watched === 0 ? true : undefined));
    const again = new AbortController();
    expect((await open(again.signal)).status).toBe(200);
    again.abort();
  });
});

describe("versions", () => {
  test("the second one is chosen by URL or by Accept, and really differs", async () => {
    const id = door.fake.add(OrderStatus.CONFIRMED);
    const order = (base: string) => ({
      data: {
        id,
        userId: "ann",
        status: "CONFIRMED",
        reason: "",
        createdAt: AT,
        updatedAt: AT,
        lines: [{ sku: "mug", quantity: 2 }],
        total: { amount: "24.05", currency: "EUR" },
        links: {
          self: `${base}/orders/${id}`,
          history: `${base}/orders/${id}/history`,
          events: `${base}/orders/${id}/events`,
        },
      },
      meta: {},
    });
    expect(await ask(`/api/v2/orders/${id}`)).toMatchObject({
      type: "application/json",
      body: order("/api/v2"),
    });
    const byAccept = await ask(`/api/orders/${id}`, accepting("application/vnd.baton.v2+json"));
    expect(byAccept).toMatchObject({ type: "application/vnd.baton.v2+json", body: order("/api") });
    expect(byAccept.headers.get("vary")).toBe("Accept");
    expect((await ask(`/api/orders/${id}`)).body.orderId).toBe(id);
    expect((await ask(`/api/v2/orders/${id}?fields=total`)).body.data).toEqual({
      id,
      total: { amount: "24.05", currency: "EUR" },
    });
    expect((await ask(`/api/v2/orders/${id}?fields=totalCents`)).status).toBe(400);
  });

  test("an unknown one is not acceptable, nor are two different ones in one request", async () => {
    const id = door.fake.add(OrderStatus.CONFIRMED);
    const refused = [
      [`/api/orders/${id}`, "application/vnd.baton.v3+json"],
      [`/api/v1/orders/${id}`, "application/vnd.baton.v2+json"],
      [`/api/v2/orders/${id}`, "application/vnd.baton.v1+json"],
      [`/api/v1/orders/${id}`, "text/html"],
      [`/api/v1/orders/${id}`, "application/json;q=0"],
      [`/api/v1/orders/${id}/events`, "application/json"],
      [`/api/v3/orders/${id}`, "application/json"],
    ];
    for (const [path = "", accept = ""] of refused) {
      expect(await ask(path, accepting(accept)), `${path} ${accept}`).toMatchObject({
        status: 406,
        type: "application/problem+json",
        body: { detail: expect.stringMatching(/here is: /) },
      });
    }
    expect((await ask("/api/v1/nothing")).status).toBe(404);
  });
});
