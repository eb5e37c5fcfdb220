import { afterAll, beforeAll, expect } from "vitest";
import { eventually, uniqueName } from "../../../../tests/fixtures.ts";
import type { Broker, Receiving, Source } from "../broker.ts";
import { readHead } from "../head.ts";
import { type BrokerUnderTest, caseOf, sendEvent } from "./broker.fixture.ts";

/** A group gets what is published after it was ensured, and earlier messages where the broker has a history. */
export function groupsCases(underTest: BrokerUnderTest): void {
  const test = caseOf(underTest);
  const open: Receiving[] = [];
  let broker: Broker;
  /** The client of another service. */
  let other: Broker;

  beforeAll(async () => {
    broker = await underTest.open();
    other = await underTest.open();
  });
  afterAll(async () => {
    await Promise.all(open.map((receiving) => receiving.close()));
    await Promise.all([broker.close(), other.close()]);
  });

  const send = (type: string, n: number) => sendEvent(broker, { type, lane: 5, eventId: `${type}-${n}` });

  /** Starts to receive. Returns a list that grows by the ids of the messages of `type`. */
  async function receiving(source: Source, type: string): Promise<string[]> {
    const ids: string[] = [];
    const messages = await other.receive(source, { ahead: 8 });
    open.push(messages);
    const read = async () => {
      for await (const message of messages) {
        if (message.type === type) ids.push(readHead(message.headers, message.place).eventId);
        message.ack();
      }
    };
    void read();
    return ids;
  }

  /** A source of each kind for the events of `type`, each with a new group. */
  const sourcesFor = (type: string): readonly Source[] => [
    { kind: "type", group: uniqueName("late"), type },
    { kind: "lane", group: uniqueName("late"), lane: 5 },
  ];

  test("a group that is ensured before the first publish gets all messages, also if it starts to receive later", async () => {
    const type = uniqueName("Early");
    const sources = sourcesFor(type);
    await broker.ensure(sources);
    for (const n of [1, 2, 3]) await send(type, n);
    for (const source of sources) {
      const ids = await receiving(source, type);
      await eventually(`three events of a group by ${source.kind}`, () =>
        ids.length >= 3 ? true : undefined,
      );
      expect(ids.toSorted(), source.kind).toEqual([1, 2, 3].map((n) => `${type}-${n}`));
    }
  });

  test("ensuring the same groups several times, at once and later, changes nothing of what they get", async () => {
    const type = uniqueName("Again");
    const sources = sourcesFor(type);
    await Promise.all([broker.ensure(sources), other.ensure(sources), other.ensure(sources)]);
    await send(type, 1);
    await other.ensure(sources);
    await send(type, 2);
    for (const source of sources) {
      const ids = await receiving(source, type);
      await eventually(`both events of a group by ${source.kind}`, () =>
        ids.length >= 2 ? true : undefined,
      );
      expect(ids.toSorted(), source.kind).toEqual([`${type}-1`, `${type}-2`]);
    }
  });

  test("a group that was not ensured gets earlier messages only where the broker has a history", async () => {
    const type = uniqueName("Late");
    await send(type, 0);
    for (const [n, source] of sourcesFor(type).entries()) {
      const ids = await receiving(source, type);
      await send(type, n + 1);
      await eventually(`the event after a group by ${source.kind} began`, () =>
        ids.includes(`${type}-${n + 1}`) ? true : undefined,
      );
      expect(ids.includes(`${type}-0`), source.kind).toBe(broker.can.history);
    }
  });
}
