import { SpanKind } from "@opentelemetry/api";
import { afterAll, beforeAll, expect, inject } from "vitest";
import { eventually, freshDatabase, quiet, uniqueName } from "../../../../tests/fixtures.ts";
import { edges, inRequest, startTestTelemetry } from "../../../../tests/telemetry.ts";
import { type Database, openDatabase } from "../../database/postgres.ts";
import type { Broker } from "../broker.ts";
import { append, bucketOf, type NewEvent, outboxSchema } from "../outbox.ts";
import { drain, startRelay } from "../relay.ts";
import { type BrokerUnderTest, caseOf, firstOf } from "./broker.fixture.ts";

export function relayCases(underTest: BrokerUnderTest): void {
  const test = caseOf(underTest);
  const telemetry = startTestTelemetry();
  const never = new AbortController().signal;
  let db: Database;
  let broker: Broker;

  beforeAll(async () => {
    db = await openDatabase(await freshDatabase(inject("postgresUrl")), [outboxSchema], quiet);
    broker = await underTest.open();
  });
  afterAll(async () => {
    await broker.close();
    await db.close();
    await telemetry.stop();
  });

  /** The broker with another `publish`. */
  const publishing = (publish: Broker["publish"]): Broker => ({ ...broker, publish });

  const appended = (
    type: string,
    key = "ann",
    baggage: Record<string, string> = { "correlation.id": "c-1" },
  ) =>
    inRequest(baggage, () =>
      db.transaction((tx) => append<NewEvent>(broker, tx, { type, key, payload: { key } })),
    );

  test("a sent event has a CLIENT span that is a child of the creation context and links to it, with its wait", async () => {
    const type = uniqueName("Sent");
    const eventId = await appended(type);
    expect(await drain(db, broker, "link", quiet, never)).toBe(1);

    const create = await telemetry.one(`create events.${type}`);
    const send = await telemetry.one(`send events.${type}`);
    const creation = create.spanContext();
    expect(send.kind).toBe(SpanKind.CLIENT);
    expect(edges(send)).toEqual({ parent: creation.spanId, links: [[creation.spanId, "creation"]] });
    expect(send.spanContext().traceId).toBe(creation.traceId);
    expect(send.attributes).toMatchObject({
      "messaging.message.id": eventId,
      "messaging.operation.type": "send",
      "baton.outbox.id": create.attributes["baton.outbox.id"],
      "baton.delivery.attempt": 1,
      "correlation.id": "c-1",
    });
    expect(send.attributes["baton.wait.outbox"]).toBeGreaterThanOrEqual(0);
  });

  test("the message carries the creation context, not that of its sending, and the baggage", async () => {
    const type = uniqueName("Carried");
    await appended(type, "bob", { "correlation.id": "c-2", async: "link" });
    await drain(db, broker, "parent+link", quiet, never);

    const create = (await telemetry.one(`create events.${type}`)).spanContext();
    const stored = await firstOf(broker, type);
    expect(stored.lane).toBe(bucketOf("bob"));
    expect(stored.headers.traceparent).toBe(`00-${create.traceId}-${create.spanId}-01`);
    expect(stored.headers.baggage).toContain("correlation.id=c-2");
    expect(stored.headers.baggage).toContain("async=link");
  });

  test("every attempt is its own span below the same creation context, and a failed event holds back those behind it", async () => {
    const type = uniqueName("Retried");
    const key = "carl";
    const first = await appended(type, key);
    const second = await appended(type, key);
    const sent: string[] = [];
    let broken = true;
    const breaking = publishing(async (_lane, _type, message) => {
      if (broken) throw new Error("away");
      sent.push(message.id);
    });
    expect(await drain(db, breaking, "parent+link", quiet, never)).toBe(0);
    broken = false;
    expect(await drain(db, breaking, "parent+link", quiet, never)).toBe(2);

    expect(sent).toEqual([first, second]);
    const attempts = telemetry.find(`send events.${type}`, { "messaging.message.id": first });
    expect(attempts.map((span) => span.attributes["baton.delivery.attempt"])).toEqual([1, 2]);
    expect(attempts.map((span) => span.status.code)).toEqual([2, 0]);
    expect(new Set(attempts.map((span) => span.parentSpanContext?.spanId)).size).toBe(1);
  });

  test("several relays at once keep a user's events in order and send each once", async () => {
    const type = uniqueName("Ordered");
    const users = ["u1", "u2", "u3", "u4", "u5"];
    const expected = new Map<string, string[]>();
    for (let round = 0; round < 12; round += 1) {
      for (const user of users) {
        const id = await appended(type, user);
        expected.set(user, [...(expected.get(user) ?? []), id]);
      }
    }
    const seen = new Map<string, string[]>();
    const watched = publishing(async (lane, of, message) => {
      await broker.publish(lane, of, message);
      const { key } = JSON.parse(Buffer.from(message.data ?? []).toString()) as { key: string };
      seen.set(key, [...(seen.get(key) ?? []), message.id]);
    });
    const relays = await Promise.all([1, 2, 3].map(() => startRelay(db, watched, "parent+link", quiet)));
    await eventually("an empty outbox", async () => {
      const { rows } = await db.query("SELECT 1 FROM outbox WHERE sent_at IS NULL LIMIT 1");
      return rows.length === 0 ? true : undefined;
    });
    await Promise.all(relays.map((relay) => relay.stop()));
    expect(seen).toEqual(expected);
  });

  test("a relay that loses its listening connection listens again, and the next event wakes it", async () => {
    const type = uniqueName("Heard");
    const relay = await startRelay(db, broker, "parent+link", quiet);
    const listening = async () => {
      const { rows } = await db.query<{ pid: number }>(
        "SELECT pid FROM pg_stat_activity WHERE query = 'LISTEN outbox' AND datname = current_database()",
      );
      return rows[0]?.pid;
    };
    const lost = await eventually("the relay to listen", listening);
    await db.query("SELECT pg_terminate_backend($1)", [lost]);
    await eventually("the relay to listen again", async () => {
      const pid = await listening();
      return pid !== undefined && pid !== lost ? pid : undefined;
    });
    await appended(type);
    await telemetry.one(`send events.${type}`);
    await relay.stop();
  });
}
