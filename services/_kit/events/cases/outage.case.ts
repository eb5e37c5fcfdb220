/** The database is away for longer than all attempts take: no dead letters, and each effect is there once. */
import { afterAll, beforeAll, beforeEach, expect, inject } from "vitest";
import { eventually, freshDatabase, quiet, uniqueName } from "../../../../tests/fixtures.ts";
import { edges, inRequest, startTestTelemetry } from "../../../../tests/telemetry.ts";
import { type Cable, cableTo } from "../../database/cable.fixture.ts";
import { type Database, openDatabase } from "../../database/postgres.ts";
import { AppError } from "../../process/errors.ts";
import { attemptsSchema } from "../attempts.ts";
import type { Broker, Source } from "../broker.ts";
import { subscribe } from "../consumer.ts";
import type { Event } from "../event.ts";
import { inboxSchema, once } from "../inbox.ts";
import { lettersWhere } from "../letters/dead-letters.fixture.ts";
import { subscribeInOrder } from "../ordered.ts";
import { type BrokerUnderTest, caseOf, sendEvent } from "./broker.fixture.ts";

export function outageCases(underTest: BrokerUnderTest): void {
  const test = caseOf(underTest);
  const telemetry = startTestTelemetry();
  let cable: Cable;
  let broker: Broker;
  let db: Database;
  /** The same database without the cable, to see what is really stored. */
  let direct: Database;
  /** Ends all waiting on `db`. */
  let stopping: AbortController;

  beforeAll(async () => {
    broker = await underTest.open();
    const url = await freshDatabase(inject("postgresUrl"));
    cable = await cableTo(url);
    direct = await openDatabase(url, [inboxSchema, attemptsSchema], quiet);
    await direct.query("CREATE TABLE effects (id text NOT NULL UNIQUE)");
  });
  beforeEach(async () => {
    await cable.pull();
    await cable.putBack();
    stopping = new AbortController();
    db = await openDatabase(cable.url, [], quiet, { signal: stopping.signal });
    return () => db.close();
  });
  afterAll(async () => {
    await Promise.all([broker.close(), direct.close(), cable.pull()]);
    await telemetry.stop();
  });

  const effectsOf = async (id: string) =>
    (await direct.query("SELECT 1 FROM effects WHERE id = $1", [id])).rows.length;

  /** A handler with an effect in the database; `begun` has an entry for each call. */
  function working(over = () => db) {
    const begun: string[] = [];
    const handle = async ({ id }: { readonly id: string }) => {
      begun.push(id);
      await once(over(), "outage", id, async (tx) => {
        await tx.query("INSERT INTO effects (id) VALUES ($1)", [id]);
      });
    };
    return { begun, handle };
  }

  const publish = (type: string) =>
    inRequest({ "correlation.id": "c-1" }, () => sendEvent(broker, { type, eventId: `e-${type}` }));

  for (const kind of ["unordered", "ordered"] as const) {
    const start = (type: string, group: string, handle: (event: Event) => Promise<void>, over = db) => {
      const options = { broker, db: over, mode: "parent+link", log: quiet } as const;
      return kind === "ordered"
        ? subscribeInOrder({ group, handlers: { [type]: handle } }, options)
        : subscribe({ group, type, handle }, options);
    };

    test(`a message of an ${kind} consumer waits in hand for its second attempt, without a redelivery`, async () => {
      const [type, group] = [uniqueName("Away"), uniqueName("outage")];
      const { begun, handle } = working();
      const consumer = await start(type, group, handle);
      await cable.pull();
      const id = await publish(type);
      const failed = await telemetry.one(`process events.${type}`);
      expect(failed.attributes).toMatchObject({ "error.type": "unavailable", "baton.delivery.attempt": 1 });
      await cable.putBack();
      const [, done] = await telemetry.ended(`process events.${type}`, 2);
      expect(done?.attributes).toMatchObject({
        "baton.delivery.outcome": "ack",
        "baton.delivery.attempt": 2,
      });
      expect(done && edges(done).links).toContainEqual([failed.spanContext().spanId, "previous_attempt"]);
      expect(await effectsOf(id)).toBe(1);
      expect(begun).toEqual([id, id]);
      // Only a delivery from the stream has this wait: the second attempt was no redelivery.
      expect(failed.attributes).toHaveProperty(["baton.wait.stream"]);
      expect(done?.attributes).not.toHaveProperty(["baton.wait.stream"]);
      await consumer.stop();
    });

    test(`a message of an ${kind} consumer whose next attempt cannot be counted waits in hand until it can`, async () => {
      const [type, group] = [uniqueName("Uncounted"), uniqueName("outage")];
      let calls = 0;
      const handle = async () => {
        calls += 1;
        if (calls > 1) return;
        await cable.pull();
        throw new AppError("conflict", "once more");
      };
      const consumer = await start(type, group, handle);
      await publish(type);
      const source: Source =
        kind === "ordered" ? { kind: "lane", group, lane: 0 } : { kind: "type", group, type };
      await eventually("its first attempt to have failed and the next to wait", async () => {
        const [lag] = await broker.lags([source]);
        const again = broker.can.delays ? lag?.redelivered === 1 : lag?.inHand === 1;
        return calls === 1 && again ? true : undefined;
      });
      await cable.putBack();
      const [first, second] = await telemetry.ended(`process events.${type}`, 2);
      expect(first?.attributes["baton.delivery.attempt"]).toBe(1);
      expect(second?.attributes).toMatchObject({
        "baton.delivery.attempt": 2,
        "baton.delivery.outcome": "ack",
      });
      await consumer.stop();
    });

    test(`a message of an ${kind} consumer that stops meanwhile is handled by another replica`, async () => {
      const [type, group] = [uniqueName("Stopped"), uniqueName("outage")];
      const first = working();
      const consumer = await start(type, group, first.handle);
      await cable.pull();
      const id = await publish(type);
      await telemetry.one(`process events.${type}`);
      stopping.abort();
      await consumer.stop();
      const second = working(() => direct);
      const other = await start(type, group, second.handle, direct);
      await eventually("the other to have it", async () => ((await effectsOf(id)) === 1 ? true : undefined));
      expect(first.begun).toEqual([id]);
      expect(await lettersWhere(broker, (letter) => letter.group === group)).toEqual([]);
      await other.stop();
    });
  }
}
