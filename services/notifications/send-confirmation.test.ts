import { expect, test, vi } from "vitest";
import type { Vocabulary } from "../_contracts/vocabulary.ts";
import type { Mailer } from "../_kit/mail.ts";
import type { Note } from "../_kit/telemetry/note.ts";
import { makeSendConfirmation } from "./send-confirmation.ts";
import type { SentEmail } from "./store.ts";

const payload = { eventId: "e-1", orderId: "o-1", userId: "ann", totalCents: 5_000 };

/** A mailer that writes down what it gets, and a record in memory that fails `failures` times first. */
function sending(told: { send?: Mailer["send"]; failures?: number } = {}) {
  const mail = vi.fn<Mailer["send"]>(told.send ?? (async () => {}));
  const note = vi.fn<Note<Vocabulary>>();
  const recorded = new Map<string, SentEmail>();
  let failures = told.failures ?? 0;
  const record = async (email: SentEmail) => {
    if (failures-- > 0) throw new Error("the database is away");
    const fresh = !recorded.has(email.emailId);
    recorded.set(email.emailId, email);
    return fresh;
  };
  return { send: makeSendConfirmation({ send: mail }, { record }, note), mail, note, recorded };
}

test("the confirmation goes to the customer, with the order and the sum, and is recorded", async () => {
  const { send, mail, note, recorded } = sending();
  await send({ payload });
  expect(mail.mock.calls).toEqual([
    [
      {
        id: "confirmation-e-1",
        to: "ann@example.test",
        subject: "Your order o-1",
        text: expect.stringContaining("o-1 over 50.00 "),
      },
    ],
  ]);
  expect([...recorded.values()]).toEqual([{ emailId: "e-1", kind: "confirmation", orderId: "o-1" }]);
  expect(note.mock.calls).toEqual([["email.sent", { orderId: "o-1", kind: "confirmation" }]]);
});

test("a crash between sending and recording sends under the same id again, and notes it once", async () => {
  const { send, mail, note } = sending({ failures: 1 });
  await expect(send({ payload })).rejects.toThrow("away");
  expect(note).not.toHaveBeenCalled();
  await send({ payload });
  await send({ payload });
  expect(new Set(mail.mock.calls.map(([email]) => email.id))).toEqual(new Set(["confirmation-e-1"]));
  expect(note).toHaveBeenCalledTimes(1);
});

test("an e-mail that could not be sent is not recorded as sent", async () => {
  const { send, recorded } = sending({
    send: async () => {
      throw new Error("mailbox full");
    },
  });
  await expect(send({ payload })).rejects.toThrow("mailbox full");
  expect(recorded.size).toBe(0);
});

test("a job that is no confirmation is refused as invalid, and nothing is sent", async () => {
  const { send, mail } = sending();
  for (const wrong of [undefined, {}, { ...payload, totalCents: "5000" }]) {
    await expect(send({ payload: wrong })).rejects.toMatchObject({ code: "invalid" });
  }
  expect(mail).not.toHaveBeenCalled();
});
