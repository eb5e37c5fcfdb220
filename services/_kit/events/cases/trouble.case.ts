/** The four troubles that a broker tells apart, and what happens to messages meanwhile. */
import { afterAll, beforeEach, describe, expect, inject } from "vitest";
import { eventually, freshDatabase, quiet, uniqueName } from "../../../../tests/fixtures.ts";
import { startTestTelemetry } from "../../../../tests/telemetry.ts";
import { type Database, openDatabase } from "../../database/postgres.ts";
import { AppError } from "../../process/errors.ts";
import { attemptsSchema } from "../attempts.ts";
import { type Broker, troubleOf } from "../broker.ts";
import { subscribe } from "../consumer.ts";
import { deadLetters } from "../letters/dead-letters.ts";
import { append, type NewEvent, outboxSchema } from "../outbox.ts";
import { drain } from "../relay.ts";
import { type BrokerUnderTest, caseOf, type OwnServer, sendEvent } from "./broker.fixture.ts";

export function troubleCases(underTest: BrokerUnderTest): void {
  const test = caseOf(underTest);
  const telemetry = startTestTelemetry();
  let server: OwnServer;
  let broker: Broker;
  let db: Database;

  beforeEach(async () => {
    server = await underTest.own();
    broker = await server.open();
    const schemas = [attemptsSchema, outboxSchema];
    db = await openDatabase(await freshDatabase(inject("postgresUrl")), schemas, quiet);
    return async () => {
      await broker.close();
      await server.stop();
      await db.close();
    };
  });
  afterAll(() => telemetry.stop());

  const failure = (work: Promise<unknown>) => work.then(() => undefined, troubleOf);
  const there = () =>
    eventually("the broker to answer", () =>
      broker.ready().then(
        () => true,
        () => undefined,
      ),
    );
  const row = async () =>
    (
      await db.query<{ refusals: number; is_sent: boolean; is_dead: boolean }>(
        "SELECT refusals, sent_at IS NOT NULL AS is_sent, dead_at IS NOT NULL AS is_dead FROM outbox",
      )
    ).rows[0];
  const pass = () => drain(db, broker, "link", quiet, new AbortController().signal);

  test("a broker that is away is reported as away; the event keeps its attempts and is sent when it is back", async () => {
    await db.transaction((tx) => append<NewEvent>(broker, tx, { type: "Away", key: "ann", payload: {} }));
    await server.halt();
    expect(await failure(sendEvent(broker, { type: "Away" }))).toBe("away");
    expect(await pass()).toBe(0);
    await expect(broker.ready()).rejects.toMatchObject({ code: "unavailable" });
    await server.restart(true);
    await there();
    await eventually("the event to be sent", async () => {
      await pass();
      return (await row())?.is_sent ? true : undefined;
    });
    expect(await row()).toEqual({ refusals: 0, is_sent: true, is_dead: false });
  });

  test("a broker that is full is reported as full; the event keeps its attempts and is sent when there is room", async () => {
    await db.transaction((tx) => append<NewEvent>(broker, tx, { type: "Full", key: "ann", payload: {} }));
    const makeRoom = await server.fill();
    expect(await failure(sendEvent(broker, { type: "Full" }))).toBe("full");
    expect(await pass()).toBe(0);
    expect(await row()).toEqual({ refusals: 0, is_sent: false, is_dead: false });
    const [span] = telemetry.find("send events.Full");
    expect(span?.attributes["error.type"]).toBe("broker_full");
    await makeRoom();
    expect(await pass()).toBe(1);
  });

  test("an event that the broker will never take is reported as refused", async () => {
    const data = Buffer.alloc(broker.maxMessageBytes + 1);
    expect(await failure(broker.publish(0, "Large", { id: "large", headers: {}, data }))).toBe("refused");
  });

  describe("a stream or consumer that was ensured and has gone missing is made again", () => {
    test("for an event that is published", async () => {
      await server.forget();
      await sendEvent(broker, { type: "Missing", eventId: "e-1" });
      const seen: string[] = [];
      const handle = async ({ id }: { id: string }) => void seen.push(id);
      const consumer = await subscribe(
        { group: "late", type: "Missing", handle },
        { broker, db, mode: "link", log: quiet },
      );
      await eventually("the event", () => (seen.length > 0 ? true : undefined));
      await consumer.stop();
      expect(seen).toEqual(["e-1"]);
    });

    test("for a consumer that receives, and for its redrives, without a restart", async () => {
      const type = uniqueName("Goes");
      const seen: string[] = [];
      let broken = false;
      const handle = async ({ id }: { id: string }) => {
        seen.push(id);
        if (broken) throw new AppError("invalid", "as asked");
      };
      const consumer = await subscribe(
        { group: "late", type, handle },
        { broker, db, mode: "link", log: quiet },
      );
      await sendEvent(broker, { type, eventId: "before" });
      await eventually("the event before", () => (seen.includes("before") ? true : undefined));
      await server.forget();
      await sendEvent(broker, { type, eventId: "after" });
      await eventually("the event after", () => (seen.includes("after") ? true : undefined));
      broken = true;
      await sendEvent(broker, { type, eventId: "dead" });
      await eventually("its dead letter", async () => {
        for await (const letter of deadLetters(broker)) return letter;
        return undefined;
      });
      await consumer.stop();
      expect(seen).toEqual(["before", "after", "dead"]);
    });

    test("also when the whole server restarts empty", async () => {
      const type = uniqueName("Anew");
      const seen: string[] = [];
      const handle = async ({ id }: { id: string }) => void seen.push(id);
      const consumer = await subscribe(
        { group: "late", type, handle },
        { broker, db, mode: "link", log: quiet },
      );
      await sendEvent(broker, { type, eventId: "before" });
      await eventually("the event before", () => (seen.includes("before") ? true : undefined));
      await server.restart(false);
      await there();
      await sendEvent(broker, { type, eventId: "after" });
      await eventually("the event after", () => (seen.includes("after") ? true : undefined));
      await consumer.stop();
    });
  });

  test("when a dead letter cannot be stored its message stays in hand, and uses up no attempt", async () => {
    const type = uniqueName("Kept");
    let handled = 0;
    const handle = async () => {
      handled += 1;
      throw new AppError("invalid", "never");
    };
    let full = true;
    const options = { db, mode: "link", log: quiet } as const;
    const choosy: Broker = {
      ...broker,
      bury: async (...given) => {
        if (full) throw new Error("no room");
        await broker.bury(...given);
      },
    };
    const consumer = await subscribe({ group: "kept", type, handle }, { ...options, broker: choosy });
    await sendEvent(broker, { type });
    await telemetry.one(`process events.${type}`);
    full = false;
    await eventually("the dead letter", async () => {
      for await (const letter of deadLetters(broker)) return letter;
      return undefined;
    });
    await consumer.stop();
    expect(handled).toBe(1);
  });
}
