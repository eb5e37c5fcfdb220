import { afterAll, beforeAll, expect } from "vitest";
import { eventually, uniqueName } from "../../../../tests/fixtures.ts";
import type { Broker } from "../broker.ts";
import { type BrokerUnderTest, caseOf, sendEvent } from "./broker.fixture.ts";

export function followCases(underTest: BrokerUnderTest): void {
  const test = caseOf(underTest);
  let broker: Broker;
  beforeAll(async () => {
    broker = await underTest.open();
  });
  afterAll(() => broker.close());

  const publish = (type: string, payload: object, by = broker) => sendEvent(by, { type, payload });

  /** Follows, and keeps the events of `type` and the gaps that it was told of. */
  async function hearing(type: string, by = broker) {
    const heard: unknown[] = [];
    const gaps: number[] = [];
    const live = await by.follow({
      onEvent: (of, payload) => {
        if (of === type) heard.push(payload());
      },
      onGap: () => gaps.push(heard.length),
    });
    return { live, heard, gaps };
  }

  test("each follower hears all events from now on, in order, and no earlier ones", async () => {
    const type = uniqueName("Live");
    await publish(type, { n: 0 });
    const [one, two] = await Promise.all([hearing(type), hearing(type)]);
    for (const n of [1, 2, 3]) await publish(type, { n });
    for (const { heard, gaps, live } of [one, two]) {
      await eventually("three events", () => (heard.length >= 3 ? true : undefined));
      expect(heard).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
      expect(gaps).toEqual([]);
      await live.stop();
    }
  });

  test("an event that cannot be parsed is skipped, and the next one is heard", async () => {
    const type = uniqueName("Live");
    const { live, heard } = await hearing(type);
    await broker.publish(0, type, { id: uniqueName("event"), headers: {}, data: Buffer.from("no JSON") });
    await publish(type, { n: 1 });
    await eventually("the second event", () => heard[0]);
    expect(heard).toEqual([{ n: 1 }]);
    await live.stop();
  });

  test("nothing is heard after a stop", async () => {
    const type = uniqueName("Live");
    const { live, heard } = await hearing(type);
    await live.stop();
    await publish(type, {});
    expect(heard).toEqual([]);
  });

  test("after a restart of the server, and after one that lost all data, a gap is reported and following goes on", async () => {
    const server = await underTest.own();
    const own = await server.open();
    try {
      const type = uniqueName("Live");
      const { live, heard, gaps } = await hearing(type, own);
      await publish(type, { n: 1 }, own);
      await eventually("the event before", () => heard[0]);

      await server.restart(true);
      await eventually("the gap to be told", () => gaps[0]);
      await publish(type, { n: 2 }, own);
      await eventually("the event after the restart", () => heard[1]);

      await server.restart(false);
      await eventually("the server to be there", () =>
        own.ready().then(
          () => true,
          () => undefined,
        ),
      );
      await own.ensure([]);
      await eventually("the second gap to be told", () => gaps[1]);
      await publish(type, { n: 3 }, own);
      await eventually("the event after the loss", () => heard[2]);
      expect(heard).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
      await live.stop();
    } finally {
      await own.close();
      await server.stop();
    }
  });
}
