import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { freshDatabase, quiet, uniqueName } from "../../../tests/fixtures.ts";
import { EVENTS } from "../../_contracts/events.ts";
import { type Database, openDatabase } from "../../_kit/database/postgres.ts";
import { testEvents } from "../../_kit/events/cases/broker.fixture.ts";
import { outboxSchema } from "../../_kit/events/outbox.ts";
import type { UserStore } from "./accounts.ts";
import { userStore, usersSchema } from "./store.ts";

let db: Database;
let users: UserStore;
beforeAll(async () => {
  db = await openDatabase(await freshDatabase(inject("postgresUrl")), [usersSchema, outboxSchema], quiet);
  users = userStore(db, testEvents);
});
afterAll(() => db.close());

const fresh = (change: object = {}) => {
  const userId = uniqueName("u-");
  const asked = { idempotencyKey: `key of ${userId}`, requestHash: "hash", name: "Ann" };
  return { userId, ...asked, email: `${userId}@example.org`, ...change };
};
const eventsOf = async (userId: string) =>
  (await db.query<{ payload: unknown }>("SELECT payload FROM outbox WHERE payload->>'userId' = $1", [userId]))
    .rows;

test("a user is stored with one UserCreated that its consumers can read, and is found", async () => {
  const asked = fresh();
  const { userId, name, email } = asked;
  const made = await users.create(asked);
  const user = { userId, name, email, createdAt: expect.any(Date) };
  expect(made).toEqual({ kind: "created", user });
  expect(await users.find(userId)).toEqual(user);
  const [event, more] = await eventsOf(userId);
  expect(EVENTS.UserCreated.schema.parse(event?.payload)).toMatchObject({ userId, name, email });
  expect(more).toBeUndefined();
  expect(await users.find("nobody")).toBeUndefined();
});

test("the same key makes one user, also when several ask at once, and all get that user", async () => {
  const idempotencyKey = uniqueName("key-");
  const email = `${idempotencyKey}@example.org`;
  const answers = await Promise.all(
    Array.from({ length: 6 }, () => users.create(fresh({ idempotencyKey, email }))),
  );
  const kinds = answers.map(({ kind }) => kind).toSorted();
  expect(kinds).toEqual(["created", ...Array.from({ length: 5 }, () => "known")]);
  const ids = new Set(answers.map((made) => (made.kind === "taken" ? "none" : made.user.userId)));
  expect(ids.size).toBe(1);
  expect(await eventsOf([...ids][0] ?? "")).toHaveLength(1);
});

test("the hash of a key's first request is kept, so that another request with the key is noticed", async () => {
  const first = fresh();
  await users.create(first);
  const again = await users.create({
    ...fresh(),
    idempotencyKey: first.idempotencyKey,
    requestHash: "another",
  });
  expect(again).toMatchObject({ kind: "known", requestHash: "hash", user: { userId: first.userId } });
});

test("an address belongs to one user, in upper or lower case, also when several ask at once", async () => {
  const name = uniqueName("Ann");
  const spelt = [
    `${name}@Example.org`,
    `${name.toLowerCase()}@example.org`,
    `${name.toUpperCase()}@EXAMPLE.ORG`,
  ];
  const answers = await Promise.all(spelt.map((email) => users.create(fresh({ email }))));
  expect(answers.map(({ kind }) => kind).toSorted()).toEqual(["created", "taken", "taken"]);
});
