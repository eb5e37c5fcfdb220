import { afterAll, beforeAll, describe, expect, inject } from "vitest";
import { eventually, freshDatabase, quiet, uniqueName } from "../../../../tests/fixtures.ts";
import { edges, inRequest, startTestTelemetry } from "../../../../tests/telemetry.ts";
import { type Database, openDatabase } from "../../database/postgres.ts";
import { AppError } from "../../process/errors.ts";
import { correlationId } from "../../telemetry/correlation.ts";
import { faultAt } from "../../telemetry/faults.ts";
import { ASYNC_MODES, type AsyncMode, inject as injectContext } from "../../telemetry/propagation.ts";
import { attemptsSchema } from "../attempts.ts";
import type { Broker } from "../broker.ts";
import { eventsOf, redrivesOf, subscribe } from "../consumer.ts";
import type { Event } from "../event.ts";
import { inboxSchema, once } from "../inbox.ts";
import { lettersWhere } from "../letters/dead-letters.fixture.ts";
import { redrive } from "../letters/redrive.ts";
import { subscribeInOrder } from "../ordered.ts";
import type { RunningConsumer } from "../receiver.ts";
import { type BrokerUnderTest, caseOf, type OwnServer, sendEvent } from "./broker.fixture.ts";

export function redriveCases(underTest: BrokerUnderTest): void {
  const test = caseOf(underTest);
  /** The de-duplication window of the own server; the shared one's is two minutes. */
  const WINDOW_MS = 1_000;
  const telemetry = startTestTelemetry();
  const running: RunningConsumer[] = [];
  let server: OwnServer;
  let broker: Broker;
  let impatient: Broker;
  let db: Database;

  beforeAll(async () => {
    server = await underTest.own(WINDOW_MS);
    impatient = await server.open();
    broker = await underTest.open();
    db = await openDatabase(await freshDatabase(inject("postgresUrl")), [inboxSchema, attemptsSchema], quiet);
    await db.query("CREATE TABLE effects (event_id text NOT NULL)");
  });
  afterAll(async () => {
    await Promise.all(running.map((consumer) => consumer.stop()));
    await Promise.all([broker.close(), impatient.close()]);
    await server.stop();
    await db.close();
    await telemetry.stop();
  });

  /** Publishes an event as if a request had created it. Returns the creation context. */
  const published = (type: string, baggage: Record<string, string> = {}, to = broker) =>
    inRequest({ "correlation.id": "c-1", ...baggage }, async (creation) => {
      await sendEvent(to, { type, lane: 3, eventId: `e-${type}`, carrier: injectContext() });
      return creation;
    });

  interface Where {
    readonly group?: string;
    readonly mode?: AsyncMode;
    readonly on?: Broker;
  }
  async function consume(
    type: string,
    handle: (event: Event) => Promise<void>,
    { group = "test", mode = "parent+link", on = broker }: Where = {},
  ): Promise<void> {
    running.push(await subscribe({ group, type, handle }, { broker: on, db, mode, log: quiet }));
  }

  const effect = (event: Event, consumer = "test") =>
    once(db, consumer, event.id, (tx) => tx.query("INSERT INTO effects (event_id) VALUES ($1)", [event.id]));
  const effectsOf = async (type: string) =>
    (await db.query("SELECT 1 FROM effects WHERE event_id = $1", [`e-${type}`])).rows.length;

  const lettersOf = (type: string, on = broker) => lettersWhere(on, (letter) => letter.type === type);
  const deadLetter = (type: string, { redriven = 0, on = broker } = {}) =>
    eventually(`the dead letter of ${type}, redriven ${redriven} times`, async () =>
      (await lettersOf(type, on)).find((letter) => letter.redriven === redriven),
    );

  /** Whether the broker drops a message with the id of this type's event. */
  async function isDropped(type: string, on: Broker): Promise<boolean> {
    const probe = { kind: "type", group: "probe", type: uniqueName("Probe") } as const;
    await (await on.receive(probe, { ahead: 1 })).close();
    await sendEvent(on, { type: probe.type, eventId: `e-${type}` });
    const [lag] = await on.lags([probe]);
    return lag?.pending === 0;
  }

  describe("a redrive has the effect exactly once", () => {
    for (const when of ["inside", "outside"] as const) {
      test(`${when} the de-duplication window`, async () => {
        const on = when === "inside" ? broker : impatient;
        const type = uniqueName("Mended");
        let broken = true;
        const handle = async (event: Event) => {
          if (broken) throw new AppError("invalid", "not yet");
          await effect(event);
        };
        await consume(type, handle, { on });
        await published(type, {}, on);
        const letter = await deadLetter(type, { on });
        await eventually(`to be ${when} the window`, async () =>
          (await isDropped(type, on)) === (when === "inside") ? true : undefined,
        );
        broken = false;
        await redrive(on, letter);
        await eventually("its effect", async () => ((await effectsOf(type)) > 0 ? true : undefined));
        expect(await lettersOf(type, on), "it is no dead letter any more").toEqual([]);
        // As if the first redrive had been cut off before it removed the letter.
        await redrive(on, letter);
        await eventually("all redriven messages to be done", async () => {
          const [lag] = await on.lags([redrivesOf(eventsOf({ group: "test", type }))]);
          return lag && lag.pending + lag.inHand === 0 ? true : undefined;
        });
        expect(await effectsOf(type)).toBe(1);
      });
    }

    test("and changes nothing when the effect was there already", async () => {
      const type = uniqueName("Done");
      let broken = true;
      const claims: boolean[] = [];
      await consume(type, async (event) => {
        claims.push((await effect(event)) !== undefined);
        if (broken) throw new AppError("invalid", "after its effect");
      });
      await published(type);
      const letter = await deadLetter(type);
      broken = false;
      await redrive(broker, letter);
      await eventually("the second delivery", () => (claims.length === 2 ? true : undefined));
      expect(claims).toEqual([true, false]);
      expect(await effectsOf(type)).toBe(1);
    });
  });

  test("two consumers with a dead letter of the same event both get it back, and no other consumer does", async () => {
    const type = uniqueName("Shared");
    const seen: string[] = [];
    for (const group of ["one", "two", "third"]) {
      await consume(
        type,
        async () => {
          seen.push(group);
          const isFirst = seen.filter((who) => who === group).length === 1;
          if (group !== "third" && isFirst) throw new AppError("invalid", "never");
        },
        { group },
      );
    }
    await published(type);
    const letters = await eventually("both dead letters", async () => {
      const found = await lettersOf(type);
      return found.length === 2 ? found : undefined;
    });
    for (const letter of letters) await redrive(broker, letter);
    await eventually("both redrives", () => (seen.length === 5 ? true : undefined));
    expect(seen.toSorted()).toEqual(["one", "one", "third", "two", "two"]);
  });

  describe("a redriven message", () => {
    for (const mode of ASYNC_MODES) {
      test(`is a new root that links to its creation and to the last attempt, in mode ${mode}, without the fault`, async () => {
        const type = uniqueName("Rooted");
        const seen: unknown[] = [];
        const handle = async () => {
          const fault = faultAt("test.point");
          seen.push([correlationId(), fault?.kind]);
          if (fault) throw new AppError("unavailable", "as asked");
        };
        await consume(type, handle, { mode });
        const creation = await published(type, { fault: "test.point:fail*9", async: mode });
        const letter = await deadLetter(type);
        expect(letter).toMatchObject({
          consumer: `test-${type}`,
          group: "test",
          reason: "unavailable",
          detail: "as asked",
          attempts: 5,
        });
        await redrive(broker, letter);
        const [last, again] = (await telemetry.ended(`process events.${type}`, 6)).slice(4);
        expect(seen.at(-1)).toEqual(["c-1", undefined]);
        expect(again && edges(again)).toEqual({
          parent: undefined,
          links: [
            [creation.spanId, "creation"],
            [last?.spanContext().spanId, "previous_attempt"],
          ],
        });
        expect(again?.spanContext().traceId).not.toBe(creation.traceId);
        expect(again?.attributes).toMatchObject({
          "messaging.message.id": `e-${type}`,
          "messaging.destination.name": expect.stringContaining(`test-${type}`),
          "baton.delivery.attempt": 1,
          "baton.delivery.outcome": "ack",
        });
      });
    }

    test("that fails again is a new dead letter, which can be redriven again", async () => {
      const type = uniqueName("Again");
      let broken = true;
      await consume(type, async () => {
        if (broken) throw new AppError("invalid", "still");
      });
      await published(type);
      const one = await deadLetter(type);
      await redrive(broker, one);
      const two = await deadLetter(type, { redriven: 1 });
      expect(two.id).not.toBe(one.id);
      expect(await lettersOf(type)).toHaveLength(1);
      broken = false;
      await redrive(broker, two);
      const [, second, third] = await telemetry.ended(`process events.${type}`, 3);
      expect(third?.links[1]?.context.spanId).toBe(second?.spanContext().spanId);
      expect(await lettersOf(type)).toEqual([]);
    });

    test("of an ordered consumer comes back to its bucket's replica", async () => {
      const [type, group] = [uniqueName("Late"), uniqueName("ordered")];
      const seen: string[] = [];
      const handle = async (event: Event) => {
        seen.push(event.id);
        if (seen.length === 1) throw new AppError("invalid", "the first time");
      };
      const options = { broker, db, mode: "link", log: quiet } as const;
      running.push(await subscribeInOrder({ group, handlers: { [type]: handle } }, options));
      await published(type);
      const letter = await deadLetter(type);
      expect(letter).toMatchObject({ consumer: `${group}-p3`, type });
      await redrive(broker, letter);
      await eventually("the redrive", () => (seen.length === 2 ? true : undefined));
      expect(new Set(seen)).toEqual(new Set([`e-${type}`]));
    });
  });
}
