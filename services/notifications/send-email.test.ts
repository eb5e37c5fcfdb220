import { expect, test, vi } from "vitest";
import { biting } from "../../tests/fixtures.ts";
import type { Vocabulary } from "../_contracts/vocabulary.ts";
import type { Mailer } from "../_kit/mail/mail.ts";
import type { Note } from "../_kit/telemetry/note.ts";
import { emailJobs } from "./send-email.ts";
import type { SentEmail } from "./store.ts";

const order = { eventId: "e-1", orderId: "o-1", userId: "ann" };
const confirmation = { id: "confirmation-e-1", payload: { ...order, totalCents: 5_000 } };
const refund = { id: "refund-e-1", payload: { ...order, amountCents: 5_000 } };
const welcome = {
  id: "welcome-e-1",
  payload: { eventId: "e-1", userId: "u-1", name: "Ann", email: "ann@example.test" },
};

/** The jobs with a mailer that records its calls, and a store in memory that fails `failures` times first. */
function sending({
  send,
  failures = 0,
  bite,
}: {
  send?: Mailer["send"];
  failures?: number;
  bite?: string;
} = {}) {
  const mail = vi.fn<Mailer["send"]>(send ?? (async () => {}));
  const note = vi.fn<Note<Vocabulary>>();
  const recorded = new Map<string, SentEmail>();
  let left = failures;
  const record = async (email: SentEmail) => {
    if (left-- > 0) throw new Error("the database is away");
    const fresh = !recorded.has(email.emailId);
    recorded.set(email.emailId, email);
    return fresh;
  };
  const jobs = emailJobs({ mailer: { send: mail }, emails: { record }, fault: biting(bite), note });
  return { jobs, mail, note, recorded };
}

test("the confirmation and the refund go out under their kind and event, and are recorded with the order", async () => {
  for (const [kind, send] of [
    ["confirmation", (s: ReturnType<typeof sending>) => s.jobs.confirmation(confirmation)],
    ["refund", (s: ReturnType<typeof sending>) => s.jobs.refund(refund)],
  ] as const) {
    const all = sending();
    await send(all);
    expect(all.mail.mock.calls).toMatchObject([[{ id: `${kind}-e-1`, to: "ann@example.test" }]]);
    const record = { emailId: "e-1", kind, userId: "ann", orderId: "o-1" };
    expect([...all.recorded.values()]).toEqual([record]);
    expect(all.note.mock.calls).toEqual([["email.sent", { orderId: "o-1", kind }]]);
  }
});

test("the welcome goes to the address that signed up; neither it nor the name is recorded or noted", async () => {
  const { jobs, mail, note, recorded } = sending();
  await jobs.welcome(welcome);
  expect(mail.mock.calls).toMatchObject([[{ id: "welcome-e-1", to: "ann@example.test" }]]);
  expect([...recorded.values()]).toEqual([{ emailId: "e-1", kind: "welcome", userId: "u-1" }]);
  expect(note.mock.calls).toEqual([["welcome.sent", { userId: "u-1" }]]);
});

test("a failure between sending and recording sends again under the same id, and notes it once", async () => {
  const { jobs, mail, note } = sending({ failures: 1 });
  await expect(jobs.confirmation(confirmation)).rejects.toThrow("away");
  expect(note).not.toHaveBeenCalled();
  await jobs.confirmation(confirmation);
  await jobs.confirmation(confirmation);
  expect(new Set(mail.mock.calls.map(([email]) => email.id))).toEqual(new Set(["confirmation-e-1"]));
  expect(note).toHaveBeenCalledTimes(1);
});

test("an e-mail that could not be sent is not recorded as sent", async () => {
  const { jobs, recorded } = sending({
    send: async () => {
      throw new Error("mailbox full");
    },
  });
  await expect(jobs.confirmation(confirmation)).rejects.toThrow("mailbox full");
  expect(recorded.size).toBe(0);
});

test("with the fault `failed` nothing is sent and the job is retried; another kind does nothing", async () => {
  const failing = sending({ bite: "failed" });
  for (const attempt of [
    () => failing.jobs.confirmation(confirmation),
    () => failing.jobs.refund(refund),
    () => failing.jobs.welcome(welcome),
  ]) {
    await expect(attempt()).rejects.toMatchObject({ code: "unavailable" });
  }
  expect([failing.mail.mock.calls, failing.recorded.size]).toEqual([[], 0]);
  const other = sending({ bite: "generous" });
  await other.jobs.welcome(welcome);
  expect(other.mail).toHaveBeenCalledTimes(1);
});

test("a hostile address fails the job as invalid, gets no e-mail, and is not quoted", async () => {
  const { jobs, mail } = sending();
  const email = "ann@example.test\r\nBcc: eve@example.test";
  const sent = jobs.welcome({ ...welcome, payload: { ...welcome.payload, email } });
  await expect(sent).rejects.toMatchObject({
    code: "invalid",
    message: expect.not.stringContaining("example"),
  });
  expect(mail).not.toHaveBeenCalled();
});
