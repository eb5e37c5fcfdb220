import { SpanKind } from "@opentelemetry/api";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { freshDatabase, quiet } from "../../../tests/fixtures.ts";
import { edges, inRequest, startTestTelemetry } from "../../../tests/telemetry.ts";
import { type Database, openDatabase } from "../database/postgres.ts";
import { testEvents } from "./cases/broker.fixture.ts";
import { append, bucketOf, type NewEvent, outboxSchema } from "./outbox.ts";

const telemetry = startTestTelemetry();
let db: Database;

beforeAll(async () => {
  db = await openDatabase(await freshDatabase(inject("postgresUrl")), [outboxSchema], quiet);
});
afterAll(async () => {
  await db.close();
  await telemetry.stop();
});

interface OutboxRow {
  id: string;
  event_id: string;
  bucket: number;
  carrier: Record<string, string>;
}
const rowOf = async (eventId: string) =>
  (await db.query<OutboxRow>("SELECT * FROM outbox WHERE event_id = $1", [eventId])).rows[0];

test("an appended event has a PRODUCER span below the request, and its row has that span's context and the baggage", async () => {
  const { request, eventId } = await inRequest({ "correlation.id": "c-1", fault: "a.b:c" }, async (span) => ({
    request: span,
    eventId: await db.transaction((tx) =>
      append<NewEvent>(testEvents, tx, { type: "Made", key: "ann", payload: {} }),
    ),
  }));
  const create = await telemetry.one("create events.Made", { "messaging.message.id": eventId });
  const row = await rowOf(eventId);

  expect(create.kind).toBe(SpanKind.PRODUCER);
  expect(edges(create)).toEqual({ parent: request.spanId, links: [] });
  expect(create.attributes).toMatchObject({
    "messaging.system.name": "test",
    "messaging.destination.name": testEvents.destination(bucketOf("ann"), "Made"),
    "messaging.operation.name": "create",
    "messaging.operation.type": "create",
    "messaging.destination.template": "events.Made",
    "messaging.destination.partition.id": String(bucketOf("ann")),
    "messaging.message.conversation_id": "c-1",
    "server.address": testEvents.server.address,
    "baton.outbox.id": row?.id,
    "correlation.id": "c-1",
  });
  const { traceId, spanId } = create.spanContext();
  expect(row?.carrier.traceparent).toBe(`00-${traceId}-${spanId}-01`);
  expect(row?.carrier.baggage).toContain("correlation.id=c-1");
  expect(row?.carrier.baggage).toContain("fault=");
  expect(row?.bucket).toBe(bucketOf("ann"));
});

test("an event of a transaction that is rolled back is not there", async () => {
  const failing = db.transaction(async (tx) => {
    await append<NewEvent>(testEvents, tx, { type: "Undone", key: "ann", payload: {} });
    throw new Error("no");
  });
  await expect(failing).rejects.toThrow("no");
  const { rows } = await db.query("SELECT 1 FROM outbox WHERE type = 'Undone'");
  expect(rows).toEqual([]);
});
