import { afterAll, beforeAll, expect, inject } from "vitest";
import { eventually, freshDatabase, quiet, uniqueName } from "../../../../tests/fixtures.ts";
import { type Database, openDatabase } from "../../database/postgres.ts";
import type { Broker } from "../broker.ts";
import { readHead } from "../head.ts";
import { lettersWhere } from "../letters/dead-letters.fixture.ts";
import { redrive } from "../letters/redrive.ts";
import { append, type NewEvent, outboxSchema } from "../outbox.ts";
import { clean } from "../outbox-dead.ts";
import { drain, startRelay } from "../relay.ts";
import { type BrokerUnderTest, caseOf, firstOf } from "./broker.fixture.ts";

export function outboxDeadCases(underTest: BrokerUnderTest): void {
  const test = caseOf(underTest);
  const never = new AbortController().signal;
  const KEY = "ann";
  let db: Database;
  let broker: Broker;
  let owner: string;

  beforeAll(async () => {
    const url = await freshDatabase(inject("postgresUrl"));
    owner = new URL(url).pathname.slice(1);
    db = await openDatabase(url, [outboxSchema], quiet);
    broker = await underTest.open();
  });
  afterAll(async () => {
    await broker.close();
    await db.close();
  });

  const appended = (type: string, payload: object = {}) =>
    db.transaction((tx) => append<NewEvent>(broker, tx, { type, key: KEY, payload }));

  interface OutboxRow {
    readonly id: string;
    readonly refusals: number;
    readonly attempts: number;
    readonly dead_reason: string | null;
    readonly is_dead: boolean;
    readonly is_sent: boolean;
  }
  const rowOf = async (eventId: string) =>
    (
      await db.query<OutboxRow>(
        `SELECT id, refusals, attempts, dead_reason, dead_at IS NOT NULL AS is_dead, sent_at IS NOT NULL AS is_sent
       FROM outbox WHERE event_id = $1`,
        [eventId],
      )
    ).rows[0];

  const lettersOf = (type: string) => lettersWhere(broker, (letter) => letter.type === type);

  test("a row too large for the stream becomes a dead letter without data, those behind it pass, and once fixed it is redriven", async () => {
    const [type, behind] = [uniqueName("Large"), uniqueName("Behind")];
    const large = await appended(type, { orderId: "o-1", text: "x".repeat(2_000_000) });
    const small = await appended(behind);
    const relay = await startRelay(db, broker, "link", quiet);
    await eventually("what is behind it", async () => ((await rowOf(small))?.is_sent ? true : undefined));
    const row = await rowOf(large);
    expect(row).toMatchObject({ is_dead: true, is_sent: false, refusals: 10, attempts: 10 });
    const [letter, ...more] = await lettersOf(type);
    expect(more).toEqual([]);
    expect(letter).toMatchObject({
      id: `outbox:${owner}:${row?.id}`,
      consumer: `outbox.${owner}`,
      reason: "refused",
      head: { eventId: large },
      detail: row?.dead_reason,
      data: undefined,
    });
    expect(letter?.detail).not.toBe("");

    await db.query(`UPDATE outbox SET payload = '{"orderId":"o-1"}' WHERE event_id = $1`, [large]);
    if (letter) await redrive(broker, letter);
    const sent = await firstOf(broker, type);
    await eventually("it to be marked", async () => ((await rowOf(large))?.is_sent ? true : undefined));
    expect(readHead(sent.headers, "nameless").eventId).toBe(large);
    expect(await lettersOf(type)).toEqual([]);
    await relay.stop();
  });

  test("a refused row that is redriven before it is fixed becomes a dead letter again", async () => {
    const type = uniqueName("Refused");
    const eventId = await appended(type);
    // Larger headers than a stream takes. One more refusal makes it a dead letter.
    await db.query("UPDATE outbox SET carrier = $2, refusals = 9 WHERE event_id = $1", [
      eventId,
      JSON.stringify({ tracestate: "x".repeat(70_000) }),
    ]);
    const relay = await startRelay(db, broker, "link", quiet);
    const letterAfter = (redriven: number) =>
      eventually(`the dead letter, redriven ${redriven} times`, async () =>
        (await lettersOf(type)).find((letter) => letter.redriven === redriven),
      );
    const first = await letterAfter(0);
    await redrive(broker, first);
    const second = await letterAfter(1);
    expect(second.id).toBe(`${first.id}:1`);
    expect(await lettersOf(type)).toHaveLength(1);
    await relay.stop();
  });

  test("tries while the stream is away count as refusals of no row", async () => {
    const type = uniqueName("Away");
    const eventId = await appended(type);
    const away: Broker = {
      ...broker,
      publish: async () => {
        throw new Error("timeout");
      },
    };
    for (let pass = 0; pass < 15; pass += 1) await drain(db, away, "link", quiet, never);
    expect(await rowOf(eventId)).toMatchObject({ attempts: 15, refusals: 0, is_dead: false });
    expect(await drain(db, broker, "link", quiet, never)).toBe(1);
  });

  test("rows that were sent or became dead letters long ago are deleted, and no others", async () => {
    const type = uniqueName("Aged");
    const ids = await Promise.all([1, 2, 3, 4, 5].map(() => appended(type)));
    const set = (eventId: string | undefined, column: string, ago: string) =>
      db.query(`UPDATE outbox SET ${column} = now() - interval '${ago}' WHERE event_id = $1`, [eventId]);
    await set(ids[0], "sent_at", "2 hours");
    await set(ids[1], "sent_at", "1 minute");
    await set(ids[2], "dead_at", "30 days");
    await set(ids[3], "dead_at", "2 days");
    await clean(db);
    const { rows } = await db.query<{ event_id: string }>("SELECT event_id FROM outbox WHERE type = $1", [
      type,
    ]);
    expect(rows.map((row) => row.event_id).toSorted()).toEqual([ids[1], ids[3], ids[4]].toSorted());
  });
}
