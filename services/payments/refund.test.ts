import { expect, test, vi } from "vitest";
import { biting } from "../../tests/fixtures.ts";
import type { Vocabulary } from "../_contracts/vocabulary.ts";
import type { Note } from "../_kit/telemetry/note.ts";
import { makeRefund } from "./refund.ts";
import type { RefundResult } from "./store.ts";

const payload = { chargeKey: "o-1:charge", orderId: "o-1", userId: "ann" };

function refunding(result: RefundResult, bite?: string) {
  const note = vi.fn<Note<Vocabulary>>();
  const store = { refund: vi.fn(async () => result) };
  return { refund: makeRefund({ charges: store, fault: biting(bite), note }), store, note };
}

test("a refund is noted with the charge's own order and amount", async () => {
  const { refund, store, note } = refunding({ did: "refunded", orderId: "o-of-charge", amountCents: 2_499 });
  await refund({ id: "refund-o-1", payload });
  expect(store.refund.mock.calls).toEqual([[payload]]);
  expect(note.mock.calls).toEqual([["payment.refunded", { orderId: "o-of-charge", amountCents: 2_499 }]]);
});

test("a refund that came before its charge is noted as voided", async () => {
  const { refund, note } = refunding({ did: "voided" });
  await refund({ id: "refund-o-1", payload });
  expect(note.mock.calls).toEqual([["payment.voided", { orderId: "o-1" }]]);
});

test("a refund with nothing to give back succeeds, and nothing is noted", async () => {
  const { refund, note } = refunding({ did: "nothing" });
  await refund({ id: "refund-o-1", payload });
  expect(note).not.toHaveBeenCalled();
});

test("with the fault `failed` nothing is given back and the command is retried; another kind does nothing", async () => {
  const failing = refunding({ did: "voided" }, "failed");
  await expect(failing.refund({ id: "refund-o-1", payload })).rejects.toMatchObject({ code: "unavailable" });
  expect(failing.store.refund).not.toHaveBeenCalled();
  const other = refunding({ did: "voided" }, "generous");
  await other.refund({ id: "refund-o-1", payload });
  expect(other.store.refund).toHaveBeenCalledTimes(1);
});
