import { afterAll, beforeAll, expect, inject } from "vitest";
import { eventually, freshDatabase, quiet, uniqueName } from "../../../../tests/fixtures.ts";
import { patient } from "../../../../tests/patience.ts";
import { type Database, openDatabase } from "../../database/postgres.ts";
import { attemptsSchema } from "../attempts.ts";
import type { Broker } from "../broker.ts";
import { eventsOf, type Subscription, subscribe } from "../consumer.ts";
import type { RunningConsumer } from "../receiver.ts";
import { type BrokerUnderTest, caseOf, sendEvent } from "./broker.fixture.ts";

export function concurrencyCases(underTest: BrokerUnderTest): void {
  const test = caseOf(underTest);
  let broker: Broker;
  let db: Database;
  const running: RunningConsumer[] = [];
  /** Releases all handlers of a consumer, so that a test that fails half way does not hang at the end. */
  const free: (() => void)[] = [];
  beforeAll(async () => {
    broker = await underTest.open();
    db = await openDatabase(await freshDatabase(inject("postgresUrl")), [attemptsSchema], quiet);
  });
  afterAll(async () => {
    for (const letAllGo of free) letAllGo();
    await Promise.all(running.map((consumer) => consumer.stop()));
    await broker.close();
    await db.close();
  });

  /** Publishes `count` events of a type; their ids are `<type>-<n>`. */
  async function publish(type: string, count: number): Promise<void> {
    for (let n = 0; n < count; n += 1) {
      await sendEvent(broker, { type, eventId: `${type}-${n}`, payload: { n } });
    }
  }

  /** A consumer whose handlers wait until they are let go, one by one or all from then on. */
  async function consuming(type: string, options: Partial<Subscription> = {}) {
    const inside: { id: string; letGo: () => void }[] = [];
    const seen: string[] = [];
    let most = 0;
    let open = false;
    const consumer = await subscribe(
      {
        group: "test",
        type,
        handle: async ({ id }) => {
          seen.push(id);
          if (open) return;
          const { promise, resolve } = Promise.withResolvers<void>();
          inside.push({ id, letGo: resolve });
          most = Math.max(most, inside.length);
          await promise;
        },
        ...options,
      },
      { broker, db, mode: "parent+link", log: quiet },
    );
    running.push(consumer);
    const letGo = () => inside.shift()?.letGo();
    const letAllGo = () => {
      open = true;
      while (inside.length > 0) letGo();
    };
    free.push(letAllGo);
    return { consumer, seen, inside, letGo, letAllGo, most: () => most };
  }

  /** From the broker: messages that are not settled, and how many of them were redelivered. */
  async function settling(type: string) {
    const [lag] = await broker.lags([eventsOf({ group: "test", type })]);
    if (!lag) throw new Error("the broker does not know the source");
    return { left: lag.pending + lag.inHand, again: lag.redelivered };
  }
  const settled = (type: string) =>
    eventually("every message to be settled", async () =>
      (await settling(type)).left === 0 ? true : undefined,
    );

  const ids = (type: string, count: number) => Array.from({ length: count }, (_, n) => `${type}-${n}`);

  test("at most `concurrency` handlers run at once, and each that ends makes room for the next", async () => {
    const type = uniqueName("Many");
    await publish(type, 12);
    const { seen, inside, letGo, letAllGo, most } = await consuming(type, { concurrency: 3 });
    for (let ended = 0; ended < 6; ended += 1) {
      await eventually("three handlers at work", () => (inside.length === 3 ? true : undefined));
      expect(seen).toHaveLength(3 + ended);
      letGo();
    }
    letAllGo();
    await settled(type);
    expect(most()).toBe(3);
    expect(seen.toSorted()).toEqual(ids(type, 12).toSorted());
  });

  test("a message whose handler takes longer than the lease is not redelivered, nor are those behind it", async () => {
    const type = uniqueName("Long");
    const leaseMs = patient(500);
    await publish(type, 2);
    const { seen, inside, letGo } = await consuming(type, { concurrency: 1, leaseMs });
    for (const id of ids(type, 2)) {
      await eventually(`${id} at work`, () => (inside[0]?.id === id ? true : undefined));
      const startedMs = performance.now();
      // Time itself is the condition here: longer than the lease.
      await eventually("more than the lease", () =>
        performance.now() - startedMs > 1.3 * leaseMs ? true : undefined,
      );
      expect((await settling(type)).again).toBe(0);
      letGo();
    }
    await settled(type);
    expect(seen).toEqual(ids(type, 2));
  });

  test("stopping waits for handlers under way, takes no more messages, and leaves the rest to the next consumer", async () => {
    const type = uniqueName("Stopped");
    await publish(type, 6);
    const first = await consuming(type, { concurrency: 2 });
    await eventually("two handlers at work", () => (first.inside.length === 2 ? true : undefined));
    let stopped = false;
    const stopping = first.consumer.stop().then(() => {
      stopped = true;
    });
    first.letGo();
    // The first handler's ack is on its way and the second handler still runs: a round trip to the server ends neither.
    await settling(type);
    expect(stopped).toBe(false);
    first.letAllGo();
    await stopping;
    expect(first.seen).toHaveLength(2);

    const second = await consuming(type);
    second.letAllGo();
    await settled(type);
    expect([...first.seen, ...second.seen].toSorted()).toEqual(ids(type, 6));
  });
}
