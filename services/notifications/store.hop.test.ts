import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { freshDatabase, quiet } from "../../tests/fixtures.ts";
import { type Database, openDatabase } from "../_kit/database/postgres.ts";
import { emailStore } from "./store.ts";

let db: Database;
beforeAll(async () => {
  const schemas = [new URL("./schema.sql", import.meta.url)];
  db = await openDatabase(await freshDatabase(inject("postgresUrl")), schemas, quiet);
});
afterAll(() => db.close());

test("an e-mail is recorded once, however often it was sent, also at the same time", async () => {
  const emails = emailStore(db);
  const email = { emailId: "e-1", kind: "confirmation", userId: "ann", orderId: "o-1" };
  const answers = await Promise.all([1, 2, 3].map(() => emails.record(email)));
  expect(answers.filter(Boolean)).toHaveLength(1);
  expect(await emails.record(email)).toBe(false);
  expect(await emails.record({ emailId: "e-2", kind: "welcome", userId: "ann" })).toBe(true);
  const { rows } = await db.query("SELECT email_id, kind, user_id, order_id FROM emails ORDER BY email_id");
  expect(rows).toEqual([
    { email_id: "e-1", kind: "confirmation", user_id: "ann", order_id: "o-1" },
    { email_id: "e-2", kind: "welcome", user_id: "ann", order_id: null },
  ]);
});
