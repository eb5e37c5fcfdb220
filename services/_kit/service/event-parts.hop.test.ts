/** Which groups a service makes before it sends, by what the declarations say. */
import { afterAll, afterEach, beforeAll, expect, inject, test, vi } from "vitest";
import { eventually, freshDatabase, quiet, uniqueName } from "../../../tests/fixtures.ts";
import { type Database, openDatabase } from "../database/postgres.ts";
import { attemptsSchema } from "../events/attempts.ts";
import type { Broker, Capabilities, Source } from "../events/broker.ts";
import { sendEvent } from "../events/cases/broker.fixture.ts";
import { forgetfulNats } from "../events/nats/nats.fixture.ts";
import { Releaser } from "../process/shutdown.ts";
import type { Declared, Group } from "./declared.ts";
import { ensureFor, hearEvents } from "./event-parts.ts";

let broker: Broker;
let db: Database;
const releaser = new Releaser();
beforeAll(async () => {
  broker = await forgetfulNats.open();
  db = await openDatabase(await freshDatabase(inject("postgresUrl")), [attemptsSchema], quiet);
});
afterEach(() => releaser.release(quiet, 10_000));
afterAll(async () => {
  await broker.close();
  await db.close();
});

const bare = {
  port: 8099,
  database: true,
  outbox: false,
  follows: false,
  worksOff: [],
  addsTo: [],
  settings: {},
  folders: {},
};

test("on a broker without history a group gets events sent before its service ran, in each way to hear", async () => {
  const types = [uniqueName("Paid"), uniqueName("Packed")] as const;
  const [paid, packed] = types;
  const groups: Group[] = [
    { name: uniqueName("single"), hears: { [paid]: "single", [packed]: "single" } },
    { name: uniqueName("batches"), hears: { [paid]: "batches", [packed]: "batches" } },
    { name: uniqueName("ordered"), hears: { [paid]: "ordered", [packed]: "ordered" } },
    { name: uniqueName("both"), hears: { [paid]: "single", [packed]: "ordered" } },
  ];
  await ensureFor({ outbox: true }, groups, broker);
  const ids: string[] = [];
  for (const type of types)
    for (const lane of [0, 7]) ids.push(await sendEvent(broker, { type, lane, eventId: `${type}-${lane}` }));

  for (const { name, hears } of groups) {
    const heard: string[] = [];
    const handle = async ({ id }: { id: string }) => {
      heard.push(id);
    };
    const declared: Declared = { ...bare, name, hears };
    const life = { log: quiet, releaser, signal: new AbortController().signal };
    const handlers = { [paid]: handle, [packed]: handle };
    await hearEvents(declared, handlers, { broker, db, mode: "link" }, life);
    await eventually(`four events in ${name}`, () => (heard.length >= 4 ? true : undefined));
    expect(heard.toSorted(), name).toEqual(ids.toSorted());
  }
});

test("no groups are made by a service that sends nothing, or on a broker that keeps the history", async () => {
  const groups: Group[] = [{ name: "mail", hears: { Paid: "single" } }];
  const made = async (outbox: boolean, history: boolean): Promise<readonly Source[] | undefined> => {
    const can: Capabilities = { ...broker.can, history };
    const ensure = vi.fn<Broker["ensure"]>(async () => {});
    await ensureFor({ outbox }, groups, { can, ensure });
    return ensure.mock.calls[0]?.[0];
  };
  expect(await made(true, false)).toEqual([{ kind: "type", group: "mail", type: "Paid" }]);
  expect(await made(true, true)).toEqual([]);
  expect(await made(false, false)).toEqual([]);
});
