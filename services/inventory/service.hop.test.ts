import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { eventually, freshDatabase, quiet, uniqueName } from "../../tests/fixtures.ts";
import { type InProcess, inProcess } from "../../tests/in-process.ts";
import { patient } from "../../tests/patience.ts";
import { inRequest, startTestTelemetry } from "../../tests/telemetry.ts";
import { EVENTS, type Payload } from "../_contracts/events.ts";
import { CatalogService } from "../_contracts/gen/baton/inventory/v1/catalog_pb.js";
import { InventoryService } from "../_contracts/gen/baton/inventory/v1/inventory_pb.js";
import { type Database, openDatabase } from "../_kit/database/postgres.ts";
import { attemptsSchema } from "../_kit/events/attempts.ts";
import { subscribeInOrder } from "../_kit/events/ordered.ts";
import type { RunningConsumer } from "../_kit/events/receiver.ts";
import { type RpcClient, rpcClient } from "../_kit/rpc/client.ts";
import { BATON } from "../_kit/telemetry/conventions.ts";
import { compose } from "./service.ts";

const telemetry = startTestTelemetry();
const heard: Payload<"ItemChanged">[] = [];
let service: InProcess;
let catalog: RpcClient<typeof CatalogService>;
let inventory: RpcClient<typeof InventoryService>;
let listener: RunningConsumer;
let heardDb: Database;

beforeAll(async () => {
  service = await inProcess(compose);
  catalog = rpcClient(CatalogService, service.url, patient(15_000));
  inventory = rpcClient(InventoryService, service.url, patient(15_000));
  heardDb = await openDatabase(await freshDatabase(inject("postgresUrl")), [attemptsSchema], quiet);
  const handle = async ({ payload }: { payload: unknown }) => {
    heard.push(EVENTS.ItemChanged.schema.parse(payload));
  };
  listener = await subscribeInOrder(
    { group: uniqueName("test"), handlers: { ItemChanged: handle } },
    { broker: service.broker, db: heardDb, mode: "parent", log: quiet },
  );
});
afterAll(async () => {
  await listener.stop();
  catalog.close();
  inventory.close();
  await service.stop();
  await heardDb.close();
  await telemetry.stop();
});

const fresh = () => {
  const sku = uniqueName("sku-");
  return { idempotencyKey: `key-of-${sku}`, sku, title: "A bolt", priceCents: 5n, stock: 7n };
};
/** Waits until `count` changes of an item have been heard. */
const changesOf = (sku: string, count: number) =>
  eventually(`${count} changes of ${sku}`, () => {
    const changes = heard.filter((one) => one.sku === sku);
    return changes.length >= count ? changes : undefined;
  });

test("every change of an item is told once, in the order of its versions, however often it is asked for", async () => {
  const asked = fresh();
  const { sku } = asked;
  const more = (n: number) => ({ sku, quantity: 3, idempotencyKey: `more-${n}-of-${sku}` });
  for (const _ of [1, 2]) await catalog.call.createItem(asked);
  for (const priceCents of [6n, 6n, 7n]) await catalog.call.setPrice({ sku, priceCents });
  for (const n of [1, 1, 2]) await catalog.call.restockItem(more(n));
  for (const _ of [1, 2]) await catalog.call.retireItem({ sku });
  const last = fresh();
  await catalog.call.createItem(last);
  await changesOf(last.sku, 1);
  expect(await changesOf(sku, 6)).toMatchObject([
    { change: "created", version: 1, priceCents: 5, stock: 7, retired: false },
    { change: "repriced", version: 2, priceCents: 6, stock: 7 },
    { change: "repriced", version: 3, priceCents: 7, stock: 7 },
    { change: "restocked", version: 4, priceCents: 7, stock: 10 },
    { change: "restocked", version: 5, priceCents: 7, stock: 13 },
    { change: "retired", version: 6, priceCents: 7, stock: 13, retired: true },
  ]);
});

test("the event is made in the call that made the change, and goes on in its trace", async () => {
  const asked = fresh();
  const id = `c-${asked.sku}`;
  const { traceId } = await inRequest({ "correlation.id": id }, async (request) => {
    await catalog.call.createItem(asked);
    return request;
  });
  const of = { [BATON.correlationId]: id };
  const created = await telemetry.one("create events.ItemChanged", of);
  const sent = await telemetry.one("send events.ItemChanged", of);
  const called = await telemetry.ended("baton.inventory.v1.CatalogService/CreateItem", 2, of);
  expect(called.map((span) => span.spanContext().spanId)).toContain(created.parentSpanContext?.spanId);
  expect(sent.parentSpanContext?.spanId).toBe(created.spanContext().spanId);
  for (const span of [created, sent, ...called]) expect(span.spanContext().traceId).toBe(traceId);
});

describe("an item of the catalogue", () => {
  const linesOf = (sku: string) => [{ sku, quantity: 2 }];
  const stockOf = async (sku: string) => (await catalog.call.getItem({ sku })).item?.stock;

  test("is quoted and reserved by its price and its stock of now", async () => {
    const asked = fresh();
    const { sku } = asked;
    const lines = linesOf(sku);
    await catalog.call.createItem(asked);
    await catalog.call.setPrice({ sku, priceCents: 11n });
    expect((await inventory.call.quote({ lines })).totalCents).toBe(22n);
    await inventory.call.reserve({ orderId: uniqueName("o-"), lines });
    expect(await stockOf(sku)).toBe(5n);
  });

  test("that is retired is neither quoted nor reserved; what was reserved before is released", async () => {
    const asked = fresh();
    const { sku } = asked;
    const lines = linesOf(sku);
    const orderId = uniqueName("o-");
    await catalog.call.createItem(asked);
    await inventory.call.reserve({ orderId, lines });
    await catalog.call.retireItem({ sku });
    const refused = { code: "precondition_failed", reason: "retired" };
    await expect(inventory.call.quote({ lines })).rejects.toMatchObject(refused);
    await expect(inventory.call.reserve({ orderId: uniqueName("o-"), lines })).rejects.toMatchObject(refused);
    expect(await stockOf(sku)).toBe(5n);
    expect((await inventory.call.release({ orderId })).released).toBe(true);
    expect(await stockOf(sku)).toBe(7n);
  });
});
