import { expect, test, vi } from "vitest";
import type { Vocabulary } from "../../_contracts/vocabulary.ts";
import type { Note } from "../../_kit/telemetry/note.ts";
import { makeAccounts, SignUp, type UserStore } from "./accounts.ts";

const request = { idempotencyKey: "k-1", requestHash: "hash", name: "Ann", email: "ann@example.org" };
const user = { userId: "u-1", name: "Ann", email: "ann@example.org", createdAt: new Date(0) };

function accounts(create: UserStore["create"]) {
  const note = vi.fn<Note<Vocabulary>>();
  const asked = vi.fn(create);
  return {
    accounts: makeAccounts({ create: asked, find: async () => undefined }, note, () => "u-1"),
    note,
    asked,
  };
}

test("signing up makes a user with a new id; nothing but the id is noted", async () => {
  const { accounts: api, note, asked } = accounts(async () => ({ kind: "created", user }));
  expect(await api.create(request)).toBe(user);
  expect(asked.mock.calls).toEqual([[{ ...request, userId: "u-1" }]]);
  expect(note.mock.calls).toEqual([["user.created", { userId: "u-1" }]]);
});

test("the same request again gets the same user, and nothing is noted", async () => {
  const { accounts: api, note } = accounts(async () => ({ kind: "known", user, requestHash: "hash" }));
  expect(await api.create(request)).toBe(user);
  expect(note).not.toHaveBeenCalled();
});

test("a key that came with another request is refused, an address with a user already exists; neither error names the address", async () => {
  const reused = accounts(async () => ({ kind: "known", user, requestHash: "another" }));
  await expect(reused.accounts.create(request)).rejects.toMatchObject({
    code: "invalid",
    reason: "idempotency_key_reused",
    message: expect.not.stringContaining("example.org"),
  });
  const taken = accounts(async () => ({ kind: "taken" }));
  await expect(taken.accounts.create(request)).rejects.toMatchObject({
    code: "already_exists",
    reason: "email_taken",
    message: expect.not.stringContaining("example.org"),
  });
});

test("an unknown user is not found", async () => {
  const { accounts: api } = accounts(async () => ({ kind: "taken" }));
  await expect(api.get("nobody")).rejects.toMatchObject({ code: "not_found" });
});

test("any name is allowed, and any address that mail can reach", () => {
  for (const name of ["Ann", "Áine Ní Bhriain", "李小龍", "Ann-Marie O'Neil 🙂", "x".repeat(200)])
    expect(SignUp.parse({ ...request, name }).name).toBe(name);
  expect(SignUp.parse({ ...request, name: "  Ann " }).name).toBe("Ann");
  expect(SignUp.safeParse({ ...request, email: `${"a".repeat(60)}+tag@mail.example.org` }).success).toBe(
    true,
  );
});

test("a name or an address that is none or could break an e-mail is refused, and the field is named", () => {
  const wrong: [keyof SignUp, string][] = [
    ["idempotencyKey", ""],
    ["idempotencyKey", "a b"],
    ["requestHash", "é"],
    ["name", ""],
    ["name", "   "],
    ["name", "x".repeat(201)],
    ["name", "Ann\r\nBcc: all@example.org"],
    ["name", "Ann\u0000"],
    ["name", "Ann\u2028Bcc"],
    ["name", "Ann\ud800"],
    ["email", ""],
    ["email", "ann"],
    ["email", "ann@example"],
    ["email", "ann@example.org\r\nBcc: all@example.org"],
    ["email", "ann@example.org, bob@example.org"],
    ["email", `${"a".repeat(250)}@example.org`],
  ];
  for (const [field, value] of wrong) {
    const read = SignUp.safeParse({ ...request, [field]: value });
    expect(
      read.error?.issues.map((issue) => issue.path[0]),
      `${field} ${JSON.stringify(value)}`,
    ).toContain(field);
  }
});
