/** A replica that stops while its work is under way: messages that are not done in time go to another one at once. */
import { afterAll, beforeAll, expect, inject } from "vitest";
import { eventually, freshDatabase, quiet, uniqueName } from "../../../../tests/fixtures.ts";
import { startTestTelemetry } from "../../../../tests/telemetry.ts";
import { type Database, openDatabase } from "../../database/postgres.ts";
import { attemptsSchema } from "../attempts.ts";
import type { Broker, Source } from "../broker.ts";
import { subscribe } from "../consumer.ts";
import type { Event } from "../event.ts";
import { inboxSchema } from "../inbox.ts";
import { subscribeInOrder } from "../ordered.ts";
import { type BrokerUnderTest, caseOf, sendEvent } from "./broker.fixture.ts";
import { effectsOf, heldWork } from "./held-work.fixture.ts";

export function stopCases(underTest: BrokerUnderTest): void {
  const test = caseOf(underTest);
  const telemetry = startTestTelemetry();
  let broker: Broker;
  let db: Database;

  beforeAll(async () => {
    broker = await underTest.open();
    db = await openDatabase(await freshDatabase(inject("postgresUrl")), [inboxSchema, attemptsSchema], quiet);
    await db.query("CREATE TABLE effects (id text NOT NULL)");
  });
  afterAll(async () => {
    await Promise.all([broker.close(), db.close()]);
    await telemetry.stop();
  });

  /** Far longer than the test may take, so that the redelivery cannot come from the end of a lease. */
  const leaseMs = 60_000;

  for (const kind of ["unordered", "ordered"] as const) {
    test(`an ${kind} consumer that stops gives a message that takes too long to another replica, with one effect`, async () => {
      const [type, group] = [uniqueName("Held"), uniqueName("stop")];
      const { letGo, begun, ended, handle } = heldWork(db);
      const options = { broker, db, mode: "link", log: quiet } as const;
      const start = (who: string) => {
        const own: (event: Event) => Promise<void> = handle(who);
        return kind === "ordered"
          ? subscribeInOrder({ group, handlers: { [type]: own }, leaseMs }, options)
          : subscribe({ group, type, handle: own, leaseMs }, options);
      };
      const first = await start("first");
      await sendEvent(broker, { type, eventId: `e-${type}` });
      await eventually("the first to be at work", () => (begun.length === 1 ? true : undefined));
      await first.stop();
      expect(ended).toEqual([]);
      const second = await start("second");
      await eventually("the second to have it", () => (begun.length === 2 ? true : undefined));
      // The first one's process still runs, and its transaction commits after all.
      letGo.resolve();
      await eventually("both to be done", () => (ended.length === 2 ? true : undefined));
      await eventually("the second one's acknowledgement to arrive", async () => {
        const source: Source =
          kind === "ordered" ? { kind: "lane", group, lane: 0 } : { kind: "type", group, type };
        const [lag] = await broker.lags([source]);
        return lag?.inHand === 0 ? true : undefined;
      });
      await second.stop();
      const attempts = await telemetry.ended(`process events.${type}`, 2);
      // Giving a message back undoes the attempt.
      expect(attempts.map((span) => span.attributes["baton.delivery.attempt"])).toEqual([1, 1]);
      expect(begun).toEqual(["first", "second"]);
      expect(ended.filter(({ had }) => had)).toHaveLength(1);
      expect(await effectsOf(db, `e-${type}`)).toBe(1);
    });
  }
}
