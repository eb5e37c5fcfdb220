import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:net";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { eventually, quiet } from "../../tests/fixtures.ts";
import { OrderStatus } from "../_contracts/gen/baton/orders/v1/orders_pb.js";
import type { Broker } from "../_kit/events/broker.ts";
import { sendEvent } from "../_kit/events/cases/broker.fixture.ts";
import { natsUnderTest } from "../_kit/events/nats/nats.fixture.ts";
import type { Listening } from "../_kit/http/listen.ts";
import { Releaser } from "../_kit/process/shutdown.ts";
import { FakeCatalog } from "./catalog/catalog.fixture.ts";
import { compose } from "./service.ts";
import { FakeOrders, serveShop } from "./shop.fixture.ts";

/** The whole service as it is composed, on a real NATS. Only orders and inventory are stand-ins. */
const fake = new FakeOrders();
const catalog = new FakeCatalog();
let shop: Listening;
let broker: Broker;
let url: string;
const releaser = new Releaser();

/** A port that was free a moment ago: the service does not tell which one it took. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  return typeof address === "object" && address ? address.port : 0;
}

beforeAll(async () => {
  shop = await serveShop(fake, catalog);
  broker = await natsUnderTest.open();
  const port = await freePort();
  url = `http://127.0.0.1:${port}`;
  await compose(
    { log: quiet, releaser, signal: new AbortController().signal },
    {
      BATON_PORT: String(port),
      BATON_ORDERS_URL: shop.url,
      BATON_INVENTORY_URL: shop.url,
      BATON_NATS_URL: inject("natsUrl"),
    },
  );
});
afterAll(async () => {
  await releaser.release(quiet, 1_700);
  await broker.close();
  await shop.close(0);
});

const publish = (type: string, orderId: string) =>
  sendEvent(broker, { type, payload: { orderId, userId: "ann", at: "2026-01-02T03:04:05.678Z" } });

/** Opens an order's events. `has` waits for an event; `ended` resolves to all of the text. */
async function watching(orderId: string, headers: Record<string, string> = {}) {
  const response = await fetch(`${url}/api/v1/orders/${orderId}/events`, { headers });
  expect(response.status).toBe(200);
  const seen = { text: "" };
  const ended = (async () => {
    for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) seen.text += chunk;
    return seen.text;
  })();
  const has = (id: number) =>
    eventually(`event ${id}`, () => (seen.text.includes(`id: ${id}\n`) ? true : undefined));
  return { has, ended };
}
const idsIn = (text: string) => [...text.matchAll(/^id: (\d)$/gm)].map((match) => match[1]).join("");

test("an order's events come live from the stream to all watchers, and end with the last", async () => {
  const id = fake.add(OrderStatus.CONFIRMED);
  const [one, two] = await Promise.all([watching(id), watching(id, { "last-event-id": "2" })]);
  await one.has(2);
  await publish("OrderShipped", id);
  await Promise.all([one.has(3), two.has(3)]);
  await publish("OrderDelivered", id);
  expect(idsIn(await one.ended)).toBe("1234");
  expect(idsIn(await two.ended)).toBe("34");
});

test("a message that is not a valid event is ignored", async () => {
  const id = fake.add(OrderStatus.CONFIRMED);
  const { has, ended } = await watching(id);
  await has(2);
  const raw = (text: string) =>
    broker.publish(0, "OrderShipped", { id: randomUUID(), headers: {}, data: Buffer.from(text) });
  await raw("no JSON");
  await raw(JSON.stringify({ orderId: id }));
  await publish("OrderShipped", id);
  await has(3);
  await publish("OrderDelivered", id);
  expect(idsIn(await ended)).toBe("1234");
});

test("without BATON_FAULTS=1 the catalogue can be read, and not written", async () => {
  catalog.add("bolt");
  const read = await fetch(`${url}/api/v1/items/bolt`);
  expect([read.status, await read.json()]).toMatchObject([200, { sku: "bolt", retired: false }]);
  const retired = await fetch(`${url}/api/v1/items/bolt`, { method: "DELETE" });
  expect([retired.status, await retired.json()]).toMatchObject([
    403,
    { type: "urn:baton:problem:faults-off", detail: expect.stringContaining("BATON_FAULTS=1") },
  ]);
  expect(catalog.items.get("bolt")).toMatchObject({ retired: false });
});

test("stopping ends open streams at once and tells them to come back", async () => {
  const id = fake.add(OrderStatus.CONFIRMED);
  const streams = await Promise.all(Array.from({ length: 20 }, () => watching(id)));
  await Promise.all(streams.map(({ has }) => has(2)));
  await releaser.release(quiet, 60_000);
  // A stream that the server had to cut would end without these lines.
  for (const { ended } of streams) expect(await ended).toMatch(/\nretry: 2000\n\n$/);
  await expect(fetch(`${url}/healthz`)).rejects.toThrow("fetch failed");
});
