import { SpanKind, SpanStatusCode } from "@opentelemetry/api";
import { afterAll, beforeAll, describe, expect, inject } from "vitest";
import { eventually, freshDatabase, quiet, uniqueName } from "../../../../tests/fixtures.ts";
import { edges, inRequest, startTestTelemetry } from "../../../../tests/telemetry.ts";
import { type Database, openDatabase } from "../../database/postgres.ts";
import { AppError } from "../../process/errors.ts";
import { correlationId } from "../../telemetry/correlation.ts";
import { faultAt } from "../../telemetry/faults.ts";
import { type AsyncMode, baggageEntry, inject as injectContext } from "../../telemetry/propagation.ts";
import { attemptsSchema } from "../attempts.ts";
import type { Broker } from "../broker.ts";
import { subscribe } from "../consumer.ts";
import type { Event } from "../event.ts";
import { lettersWhere } from "../letters/dead-letters.fixture.ts";
import type { RunningConsumer } from "../receiver.ts";
import { type BrokerUnderTest, caseOf, sendEvent } from "./broker.fixture.ts";

export function consumerCases(underTest: BrokerUnderTest): void {
  const test = caseOf(underTest);
  const telemetry = startTestTelemetry();
  const running: RunningConsumer[] = [];
  let broker: Broker;
  let db: Database;

  beforeAll(async () => {
    broker = await underTest.open();
    db = await openDatabase(await freshDatabase(inject("postgresUrl")), [attemptsSchema], quiet);
  });
  afterAll(async () => {
    await Promise.all(running.map((consumer) => consumer.stop()));
    await broker.close();
    await db.close();
    await telemetry.stop();
  });

  /** Publishes an event as if a request had created it. Returns the creation context. */
  function published(
    type: string,
    baggage: Record<string, string> = {},
    createdMs = Date.now(),
    payload: object = {},
  ) {
    return inRequest({ "correlation.id": "c-1", ...baggage }, async (creation) => {
      const event = { type, lane: 3, eventId: `e-${type}`, carrier: injectContext() };
      await sendEvent(broker, { ...event, createdMs, sentMs: createdMs + 40, payload });
      return creation;
    });
  }

  async function consume(
    type: string,
    mode: AsyncMode,
    handle: (event: Event) => Promise<void> = async () => {},
  ) {
    const consumer = await subscribe({ group: "test", type, handle }, { broker, db, mode, log: quiet });
    running.push(consumer);
  }

  describe("the process span", () => {
    const shapes = {
      "parent+link": { child: true, linked: true },
      parent: { child: true, linked: false },
      link: { child: false, linked: true },
    } as const;

    for (const [mode, shape] of Object.entries(shapes) as [
      AsyncMode,
      { child: boolean; linked: boolean },
    ][]) {
      test(`in mode ${mode} has that mode's parent and links, and the handler has the baggage`, async () => {
        const type = uniqueName("Mode");
        const seen: (string | undefined)[] = [];
        await consume(type, mode, async () => {
          seen.push(correlationId(), baggageEntry("fault"));
        });
        const creation = await published(type, { fault: "a.b:c" });
        const span = await telemetry.one(`process events.${type}`);

        expect(span.kind).toBe(SpanKind.CONSUMER);
        expect(edges(span)).toEqual({
          parent: shape.child ? creation.spanId : undefined,
          links: shape.linked ? [[creation.spanId, "creation"]] : [],
        });
        expect(span.spanContext().traceId === creation.traceId).toBe(shape.child);
        expect(seen).toEqual(["c-1", "a.b:c"]);
      });
    }

    test("follows the request's own mode rather than the process's", async () => {
      const type = uniqueName("Wish");
      await consume(type, "parent");
      const creation = await published(type, { async: "link" });
      const span = await telemetry.one(`process events.${type}`);
      expect(edges(span)).toEqual({ parent: undefined, links: [[creation.spanId, "creation"]] });
    });

    test("of a message older than a minute is a new root with a link, in every mode", async () => {
      const type = uniqueName("Old");
      await consume(type, "parent");
      const creation = await published(type, {}, Date.now() - 61_000);
      const span = await telemetry.one(`process events.${type}`);
      expect(edges(span)).toEqual({ parent: undefined, links: [[creation.spanId, "creation"]] });
    });

    test("has the message's id, its waits and the correlation id", async () => {
      const type = uniqueName("Attributes");
      await consume(type, "parent+link");
      await published(type);
      const span = await telemetry.one(`process events.${type}`);
      expect(span.attributes).toMatchObject({
        "messaging.system.name": broker.system,
        "messaging.operation.name": "process",
        "messaging.operation.type": "process",
        "messaging.destination.name": broker.destination(3, type),
        "messaging.destination.template": `events.${type}`,
        "messaging.destination.partition.id": "3",
        "messaging.consumer.group.name": "test",
        "messaging.destination.subscription.name": `test-${type}`,
        "messaging.message.id": `e-${type}`,
        "messaging.message.conversation_id": "c-1",
        "server.address": broker.server.address,
        "server.port": broker.server.port,
        "baton.delivery.attempt": 1,
        "baton.delivery.outcome": "ack",
        "baton.wait.outbox": 0.04,
        "correlation.id": "c-1",
      });
      expect(span.attributes["baton.wait.stream"]).toBeGreaterThanOrEqual(0);
    });
  });

  test("a retried delivery is a sibling that links to the attempt before it", async () => {
    const type = uniqueName("Retried");
    let failures = 2;
    await consume(type, "parent+link", async () => {
      if (failures-- > 0) throw new AppError("unavailable", "not now");
    });
    const creation = await published(type);
    const [first, second, third] = await telemetry.ended(`process events.${type}`, 3);

    expect(first && edges(first)).toEqual({
      parent: creation.spanId,
      links: [[creation.spanId, "creation"]],
    });
    expect(second && edges(second)).toEqual({
      parent: creation.spanId,
      links: [
        [creation.spanId, "creation"],
        [first?.spanContext().spanId, "previous_attempt"],
      ],
    });
    expect(third?.links[1]?.context.spanId).toBe(second?.spanContext().spanId);
    const attempts = [first, second, third].map((span) => [
      span?.attributes["baton.delivery.attempt"],
      span?.attributes["baton.delivery.outcome"],
      span?.attributes["error.type"],
      span?.status.code,
    ]);
    expect(attempts).toEqual([
      [1, "retry", "unavailable", SpanStatusCode.ERROR],
      [2, "retry", "unavailable", SpanStatusCode.ERROR],
      [3, "ack", undefined, SpanStatusCode.UNSET],
    ]);
  });

  test("a fault of the request bites the first attempt only", async () => {
    const type = uniqueName("Fault");
    await consume(type, "link", async () => {
      if (faultAt("test.point")) throw new AppError("unavailable", "as asked");
    });
    await published(type, { fault: "test.point:fail" });
    const spans = await telemetry.ended(`process events.${type}`, 2);
    expect(spans.map((span) => span.attributes["baton.fault.point"])).toEqual(["test.point", undefined]);
    expect(spans.map((span) => span.attributes["baton.delivery.outcome"])).toEqual(["retry", "ack"]);
  });

  test("a message that no retry can help becomes a dead letter at once, with its reason and its context", async () => {
    const type = uniqueName("Poison");
    await consume(type, "parent+link", async () => {
      throw new AppError("invalid", "not ours");
    });
    const creation = await published(type);
    const span = await telemetry.one(`process events.${type}`);
    expect(span.attributes["baton.delivery.outcome"]).toBe("dead-letter");
    const dead = await eventually("the dead letter", async () => {
      const [letter] = await lettersWhere(broker, (one) => one.type === type);
      return letter;
    });
    expect(dead).toMatchObject({ consumer: `test-${type}`, reason: "invalid" });
    expect(dead.head.carrier.traceparent).toContain(creation.traceId);
  });
}
