/** The number of attempts. The consumer's service keeps it, for any broker and any number of deliveries. */
import { afterAll, beforeAll, expect, inject } from "vitest";
import { eventually, freshDatabase, quiet, uniqueName } from "../../../../tests/fixtures.ts";
import { patient } from "../../../../tests/patience.ts";
import { startTestTelemetry } from "../../../../tests/telemetry.ts";
import { type Database, openDatabase } from "../../database/postgres.ts";
import { AppError } from "../../process/errors.ts";
import { Attempts, attemptsSchema } from "../attempts.ts";
import type { Broker, ReceivedMessage } from "../broker.ts";
import { subscribe } from "../consumer.ts";
import type { Handle } from "../event.ts";
import { lettersWhere } from "../letters/dead-letters.fixture.ts";
import { subscribeInOrder } from "../ordered.ts";
import { MAX_ATTEMPTS } from "../receiver.ts";
import { type BrokerUnderTest, caseOf, sendEvent } from "./broker.fixture.ts";

/** Short, so that a message whose consumer has died is redelivered soon. A consumer at work must renew it in time. */
const leaseMs = patient(100);

/**
 * The broker as used by a process that can be killed: after `die` nothing that the process says of a message arrives,
 * neither an acknowledgement nor a renewed lease.
 */
function killable(broker: Broker): { broker: Broker; die: () => void } {
  let dead = false;
  const unless = (say: () => void) => () => {
    if (!dead) say();
  };
  const seen = (message: ReceivedMessage): ReceivedMessage => ({
    ...message,
    ack: unless(() => message.ack()),
    done: unless(() => message.done()),
    alive: unless(() => message.alive()),
    giveBack: unless(() => message.giveBack()),
    again: (afterMs) => unless(() => message.again(afterMs))(),
  });
  return {
    die: () => {
      dead = true;
    },
    broker: {
      ...broker,
      receive: async (source, options) => {
        const receiving = await broker.receive(source, options);
        return {
          leaseMs: receiving.leaseMs,
          close: () => receiving.close(),
          async *[Symbol.asyncIterator]() {
            for await (const message of receiving) yield seen(message);
          },
        };
      },
    },
  };
}

export function attemptsCases(underTest: BrokerUnderTest): void {
  const test = caseOf(underTest);
  const telemetry = startTestTelemetry();
  let broker: Broker;
  let db: Database;

  beforeAll(async () => {
    broker = await underTest.open();
    db = await openDatabase(await freshDatabase(inject("postgresUrl")), [attemptsSchema], quiet);
  });
  afterAll(async () => {
    await broker.close();
    await db.close();
    await telemetry.stop();
  });

  const options = () => ({ broker, db, mode: "parent+link", log: quiet }) as const;
  const rows = async (consumer: string) =>
    (await db.query<{ attempts: number }>("SELECT attempts FROM attempts WHERE consumer = $1", [consumer]))
      .rows;

  test("a message that succeeds at first stores no attempts; those of a retried one are deleted when it is done", async () => {
    const [type, group] = [uniqueName("Clean"), uniqueName("group")];
    let failures = 2;
    const handle = async () => {
      if (failures-- > 0) throw new AppError("unavailable", "not now");
    };
    const consumer = await subscribe({ group, type, handle }, options());
    await sendEvent(broker, { type });
    await telemetry.ended(`process events.${type}`, 3);
    await eventually("the row to be gone", async () =>
      (await rows(`${group}-${type}`)).length === 0 ? true : undefined,
    );
    await sendEvent(broker, { type });
    await telemetry.ended(`process events.${type}`, 4);
    await consumer.stop();
    expect(await rows(`${group}-${type}`)).toEqual([]);
  });

  test("the next attempt links to the one before it, also when another replica makes it", async () => {
    const [type, group] = [uniqueName("Moved"), uniqueName("group")];
    const failing: Handle = async () => {
      throw new AppError("unavailable", "here never");
    };
    const one = await subscribe({ group, type, handle: failing }, options());
    await sendEvent(broker, { type });
    const first = await telemetry.one(`process events.${type}`);
    await one.stop();
    const other = await subscribe({ group, type, handle: async () => {} }, options());
    await eventually("it to succeed", () =>
      telemetry.find(`process events.${type}`, { "baton.delivery.outcome": "ack" }).at(0),
    );
    await other.stop();
    const spans = telemetry.find(`process events.${type}`);
    const links = spans.map((span) => span.links.map(({ context }) => context.spanId).at(-1));
    expect(links.slice(1)).toEqual(spans.slice(0, -1).map((span) => span.spanContext().spanId));
    expect(spans[0]?.spanContext().spanId).toBe(first.spanContext().spanId);
    const numbers = spans.map((span) => span.attributes["baton.delivery.attempt"]);
    expect(numbers).toEqual(spans.map((_, n) => n + 1));
  });

  for (const kind of ["unordered", "ordered"] as const) {
    test(`a message that kills its ${kind} consumer each time becomes one dead letter, and the next messages are handled`, async () => {
      const [type, group] = [uniqueName("Killer"), uniqueName("mortal")];
      const bad = `${type}-bad`;
      const start = (handle: Handle, on: Broker) =>
        kind === "ordered"
          ? subscribeInOrder({ group, handlers: { [type]: handle }, leaseMs }, { ...options(), broker: on })
          : subscribe({ group, type, handle, leaseMs, concurrency: 1 }, { ...options(), broker: on });
      await sendEvent(broker, {
        type,
        eventId: bad,
        carrier: { baggage: "correlation.id=c-9" },
        payload: { orderId: "o-1" },
      });
      await sendEvent(broker, { type, eventId: `${type}-behind` });
      const begun: string[] = [];
      for (let life = 1; life <= MAX_ATTEMPTS; life += 1) {
        const { broker: own, die } = killable(await underTest.open());
        const dies = Promise.withResolvers<void>();
        const handle: Handle = async ({ id }) => {
          begun.push(id);
          if (id !== bad) return;
          die();
          dies.resolve();
          // A dead process does not continue.
          await new Promise(() => {});
        };
        await start(handle, own);
        await dies.promise;
        await own.close();
      }
      expect(begun.filter((id) => id === bad)).toHaveLength(MAX_ATTEMPTS);
      const survivor = await start(async ({ id }) => void begun.push(id), broker);
      const [letter] = await eventually("its dead letter", async () => {
        const found = await lettersWhere(broker, (one) => one.type === type);
        return found.length > 0 ? found : undefined;
      });
      await eventually("what is behind it", () => (begun.includes(`${type}-behind`) ? true : undefined));
      await survivor.stop();
      const owner = kind === "ordered" ? `${group}-p0` : `${group}-${type}`;
      expect(letter).toMatchObject({
        consumer: owner,
        group,
        type,
        reason: "consumer_lost",
        attempts: MAX_ATTEMPTS,
        redriven: 0,
        head: { eventId: bad, carrier: { baggage: "correlation.id=c-9" } },
      });
      expect(Buffer.from(letter?.data ?? []).toString()).toBe('{"orderId":"o-1"}');
      expect(begun.filter((id) => id === bad)).toHaveLength(MAX_ATTEMPTS);
      expect(await lettersWhere(broker, (one) => one.type === type)).toHaveLength(1);
    });
  }

  test("messages that only waited in hand are given back without an attempt, however often their consumer stops", async () => {
    const [type, group] = [uniqueName("Waiting"), uniqueName("group")];
    for (const n of [0, 1, 2]) await sendEvent(broker, { type, eventId: `${type}-${n}` });
    for (let stop = 0; stop < MAX_ATTEMPTS + 1; stop += 1) {
      const begun = Promise.withResolvers<void>();
      const held = async () => {
        begun.resolve();
        await new Promise(() => {});
      };
      const consumer = await subscribe(
        { group, type, handle: held, concurrency: 1, leaseMs: 60_000 },
        options(),
      );
      await begun.promise;
      await consumer.stop();
    }
    const done: string[] = [];
    const last = await subscribe({ group, type, handle: async ({ id }) => void done.push(id) }, options());
    await eventually("all three", () => (done.length === 3 ? true : undefined));
    await last.stop();
    const ended = telemetry.find(`process events.${type}`, { "baton.delivery.outcome": "ack" });
    expect(ended.map((span) => span.attributes["baton.delivery.attempt"])).toEqual([1, 1, 1]);
  });

  test("rows of messages that cannot be delivered again are deleted, and no others", async () => {
    const consumer = uniqueName("aged");
    const add = (message: string, age: string) =>
      db.query(
        `INSERT INTO attempts (consumer, message, attempts, at) VALUES ($1, $2, 1, now() - interval '${age}')`,
        [consumer, message],
      );
    await add("old", "30 days");
    await add("young", "1 hour");
    await new Attempts(db, broker, consumer).clean();
    const left = await db.query<{ message: string }>("SELECT message FROM attempts WHERE consumer = $1", [
      consumer,
    ]);
    expect(left.rows.map(({ message }) => message)).toEqual(["young"]);
  });
}
