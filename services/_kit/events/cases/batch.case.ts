import { SpanKind } from "@opentelemetry/api";
import { afterAll, beforeAll, expect, inject } from "vitest";
import { freshDatabase, quiet, uniqueName } from "../../../../tests/fixtures.ts";
import { edges, inRequest, startTestTelemetry } from "../../../../tests/telemetry.ts";
import { type Database, openDatabase } from "../../database/postgres.ts";
import { correlationId } from "../../telemetry/correlation.ts";
import { inject as injectContext } from "../../telemetry/propagation.ts";
import { attemptsSchema } from "../attempts.ts";
import { subscribeInBatches } from "../batch.ts";
import type { Broker } from "../broker.ts";
import type { RunningConsumer } from "../receiver.ts";
import { type BrokerUnderTest, caseOf, sendEvent } from "./broker.fixture.ts";

export function batchCases(underTest: BrokerUnderTest): void {
  const test = caseOf(underTest);
  const telemetry = startTestTelemetry();
  let broker: Broker;
  let db: Database;
  let consumer: RunningConsumer | undefined;

  beforeAll(async () => {
    broker = await underTest.open();
    db = await openDatabase(await freshDatabase(inject("postgresUrl")), [attemptsSchema], quiet);
  });
  afterAll(async () => {
    await consumer?.stop();
    await broker.close();
    await db.close();
    await telemetry.stop();
  });

  /** Sends an event as if a request had created it. Returns the creation context. */
  const sent = (type: string, id: string, lane: number) =>
    inRequest({ "correlation.id": `c-${id}` }, async (creation) => {
      await sendEvent(broker, { type, lane, eventId: `${type}-${id}`, carrier: injectContext() });
      return creation;
    });

  test("a batch is one receive span that links to every message's creation, and a process span under it for each", async () => {
    const type = uniqueName("Batch");
    const creations = [];
    for (const id of ["a", "b", "c"]) creations.push(await sent(type, id, 0));
    const seen: (string | undefined)[] = [];
    const handle = async () => {
      seen.push(correlationId());
    };
    // The linger is long, so that the size ends the batch.
    const batch = { maxMessages: 3, lingerMs: 10_000 };
    consumer = await subscribeInBatches({ group: "test", type, handle }, batch, {
      broker,
      db,
      mode: "parent",
      log: quiet,
    });

    const receive = await telemetry.one(`receive events.${type}`);
    expect(receive.kind).toBe(SpanKind.CLIENT);
    expect(receive.attributes).toMatchObject({
      "messaging.batch.message_count": 3,
      "messaging.destination.name": broker.destination(0, type),
      "server.address": broker.server.address,
    });
    expect(edges(receive)).toEqual({
      parent: undefined,
      links: creations.map((creation) => [creation.spanId, "creation"]),
    });
    const processed = telemetry.find(`process events.${type}`);
    expect(processed.map(edges)).toEqual(
      creations.map((creation) => ({
        parent: receive.spanContext().spanId,
        links: [[creation.spanId, "creation"]],
      })),
    );
    expect(processed.map((span) => span.attributes["correlation.id"])).toEqual(["c-a", "c-b", "c-c"]);
    expect(seen).toEqual(["c-a", "c-b", "c-c"]);

    for (const [lane, id] of ["d", "e", "f"].entries()) await sent(type, id, lane);
    const [, ofSeveral] = await telemetry.ended(`receive events.${type}`, 2);
    expect(ofSeveral?.attributes, "their destinations differ").not.toHaveProperty(
      "messaging.destination.name",
    );
  });
}
