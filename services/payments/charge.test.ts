import { expect, test, vi } from "vitest";
import type { Vocabulary } from "../_contracts/vocabulary.ts";
import type { FaultAt } from "../_kit/faults.ts";
import type { Note } from "../_kit/telemetry/note.ts";
import { makeCharge } from "./charge.ts";
import type { Charge } from "./store.ts";

const request = { key: "o-1:charge", orderId: "o-1", userId: "ann", amountCents: 2_499, token: "tok_visa" };
const declined = { code: "precondition_failed", reason: "card_declined" };

/** Payments with charges in memory. `fault`: the kind that bites at the fault point, once. */
function payments(fault?: string) {
  const kept = new Map<string, Charge>();
  const note = vi.fn<Note<Vocabulary>>();
  const asked: string[] = [];
  let ids = 0;
  const faultAt: FaultAt = (point) => {
    asked.push(point);
    return fault !== undefined && asked.length === 1
      ? { point, kind: fault, arg: undefined, attempts: 1 }
      : undefined;
  };
  const charge = makeCharge({
    charges: {
      find: async (key) => kept.get(key),
      keep: async (fresh) => {
        const first = kept.get(fresh.key) ?? fresh;
        kept.set(fresh.key, first);
        return first;
      },
    },
    fault: faultAt,
    note,
    newId: () => `ch-${++ids}`,
  });
  return { charge, kept, note, asked };
}

test("a charge is kept and answers its id", async () => {
  const { charge, kept, note, asked } = payments();
  expect(await charge(request)).toBe("ch-1");
  const { token: _, ...rest } = request;
  expect(kept.get(request.key)).toEqual({ ...rest, chargeId: "ch-1", status: "charged" });
  expect(note.mock.calls).toEqual([["payment.charged", { orderId: "o-1", amountCents: 2_499 }]]);
  expect(asked).toEqual(["payments.charge"]);
});

test("the token of a card is neither stored nor noted", async () => {
  const { charge, kept, note } = payments();
  await charge(request);
  await charge({ ...request, key: "k-2", token: "tok_declined" }).catch(() => {});
  expect(JSON.stringify([...kept, note.mock.calls])).not.toContain("tok_");
});

test("the declining token is declined, and the decline is kept", async () => {
  const { charge, kept, note } = payments();
  await expect(charge({ ...request, token: "tok_declined" })).rejects.toMatchObject(declined);
  expect(kept.get(request.key)?.status).toBe("declined");
  expect(note.mock.calls).toEqual([["payment.declined", { orderId: "o-1", amountCents: 2_499 }]]);
});

test("the fault `declined` declines any card; a kind that is not understood here does nothing", async () => {
  await expect(payments("declined").charge(request)).rejects.toMatchObject(declined);
  expect(await payments("slow").charge(request)).toBe("ch-1");
});

test("the same key again gives the same answer", async () => {
  const { charge, kept } = payments();
  expect(await charge(request)).toBe("ch-1");
  expect(await charge(request)).toBe("ch-1");
  expect(await charge({ ...request, token: "tok_declined" })).toBe("ch-1");
  expect(kept.size).toBe(1);
});

test("the same key again gives the same answer also for a decline, when the fault no longer bites", async () => {
  const { charge, kept } = payments("declined");
  await expect(charge(request)).rejects.toMatchObject(declined);
  await expect(charge(request)).rejects.toMatchObject(declined);
  expect(kept.size).toBe(1);
});
