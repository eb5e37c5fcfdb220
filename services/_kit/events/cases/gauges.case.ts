import { afterAll, beforeAll, expect, inject } from "vitest";
import { eventually, freshDatabase, quiet, uniqueName } from "../../../../tests/fixtures.ts";
import { type Database, openDatabase } from "../../database/postgres.ts";
import { AppError } from "../../process/errors.ts";
import { startGauges, values, watching } from "../../telemetry/gauges.fixture.ts";
import { attemptsSchema } from "../attempts.ts";
import { type Broker, nameOf } from "../broker.ts";
import { eventsOf, subscribe } from "../consumer.ts";
import { watchConsumers, watchOutbox, watchStreams } from "../gauges.ts";
import { lanesOf, subscribeInOrder } from "../ordered.ts";
import { append, type NewEvent, outboxSchema } from "../outbox.ts";
import { drain } from "../relay.ts";
import { type BrokerUnderTest, caseOf, sendEvent } from "./broker.fixture.ts";

export function gaugesCases(underTest: BrokerUnderTest): void {
  const test = caseOf(underTest);
  const provider = startGauges();
  let db: Database;
  let broker: Broker;

  beforeAll(async () => {
    db = await openDatabase(
      await freshDatabase(inject("postgresUrl")),
      [outboxSchema, attemptsSchema],
      quiet,
    );
    broker = await underTest.open();
  });
  afterAll(async () => {
    await provider.shutdown();
    await broker.close();
    await db.close();
  });

  test("the outbox's unsent rows, those tried before, and the oldest one's age, until they are sent", async () => {
    await watching(watchOutbox(db), async () => {
      expect(await values("baton.outbox.unsent")).toEqual({ "": 0 });
      expect(await values("baton.outbox.age")).toEqual({ "": 0 });
      for (const key of ["ann", "bob"]) {
        await db.transaction((tx) =>
          append<NewEvent>(broker, tx, { type: uniqueName("Counted"), key, payload: {} }),
        );
      }
      await db.query(
        "UPDATE outbox SET created_ms = created_ms - 5000, attempts = 1 WHERE id = (SELECT min(id) FROM outbox)",
      );
      expect(await values("baton.outbox.unsent")).toEqual({ "": 2 });
      expect(await values("baton.outbox.retrying")).toEqual({ "": 1 });
      const { "": age } = await values("baton.outbox.age");
      expect(age).toBeGreaterThanOrEqual(5);
      expect(age).toBeLessThan(60);
      await drain(db, broker, "link", quiet, new AbortController().signal);
      expect(await values("baton.outbox.unsent")).toEqual({ "": 0 });
    });
  });

  const by = "messaging.destination.subscription.name";
  const owner = "baton.dead_letter.owner";
  const publish = (type: string) => sendEvent(broker, { type });

  test("a durable's pending, unacknowledged and redelivered messages, and its dead letters", async () => {
    const [type, group] = [uniqueName("Lagging"), uniqueName("lag")];
    const durable = `${group}-${type}`;
    const subscription = { group, type, handle: async () => {} };
    await (await broker.receive(eventsOf(subscription), { ahead: 1 })).close();
    await watching(watchConsumers(broker, [subscription]), async () => {
      await publish(type);
      await publish(type);
      expect(await values("baton.consumer.pending", by)).toEqual({ [durable]: 2 });
      expect(await values("baton.dead_letters", owner)).toEqual({ [durable]: 0 });

      const open = Promise.withResolvers<void>();
      let tries = 0;
      const handle = async () => {
        tries += 1;
        if (tries === 1) throw new AppError("unavailable", "once more");
        if (tries === 2) throw new AppError("invalid", "never");
        await open.promise;
      };
      const running = await subscribe(
        { group, type, handle, concurrency: 4 },
        { broker, db, mode: "link", log: quiet },
      );
      const figure = (name: string, wanted: number) =>
        eventually(`${name} to be ${wanted}`, async () =>
          (await values(name, name === "baton.dead_letters" ? owner : by))[durable] === wanted
            ? true
            : undefined,
        );
      await figure("baton.consumer.redelivered", 1);
      await figure("baton.consumer.ack_pending", 1);
      await figure("baton.dead_letters", 1);
      expect(await values("baton.consumer.pending", by)).toEqual({ [durable]: 0 });
      open.resolve();
      await figure("baton.consumer.ack_pending", 0);
      await running.stop();
    });
  });

  test("the pending messages and dead letters of each bucket's durable of an ordered consumer", async () => {
    const [type, group] = [uniqueName("Ordered"), uniqueName("lag")];
    const handle = async () => {
      throw new AppError("invalid", "never");
    };
    const subscription = { group, handlers: { [type]: handle } };
    const running = await subscribeInOrder(subscription, { broker, db, mode: "link", log: quiet });
    await watching(watchConsumers(broker, [subscription]), async () => {
      await publish(type);
      await eventually("its dead letter", async () =>
        (await values("baton.dead_letters", owner))[`${group}-p0`] === 1 ? true : undefined,
      );
      for (const name of ["baton.dead_letters", "baton.consumer.pending"]) {
        const durables = Object.keys(await values(name, name === "baton.dead_letters" ? owner : by)).filter(
          (durable) => durable.startsWith(group),
        );
        expect(durables.toSorted(), name).toEqual(lanesOf(group).map(nameOf));
      }
      expect((await values("baton.dead_letters", owner))[`${group}-p1`]).toBe(0);
    });
    await running.stop();
  });

  test("messages and bytes of the streams", async () => {
    await watching(watchStreams(broker), async () => {
      const by = "messaging.destination.name";
      const before = await values("baton.stream.messages", by);
      expect(Object.keys(before).toSorted()).toEqual(underTest.volumes.toSorted());
      const [events = ""] = underTest.volumes;
      const bytes = (await values("baton.stream.size", by))[events] ?? 0;
      await publish(uniqueName("Stored"));
      expect((await values("baton.stream.messages", by))[events]).toBeGreaterThan(before[events] ?? 0);
      expect((await values("baton.stream.size", by))[events]).toBeGreaterThan(bytes);
    });
  });
}
