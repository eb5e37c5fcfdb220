import { setTimeout as delay } from "node:timers/promises";
import { expect, test, vi } from "vitest";
import { quiet } from "../../tests/fixtures.ts";
import { patient } from "../../tests/patience.ts";
import { PaymentService } from "../_contracts/gen/baton/payments/v1/payments_pb.js";
import type { Vocabulary } from "../_contracts/vocabulary.ts";
import { rpcClient } from "../_kit/rpc/client.ts";
import { serveRpc } from "../_kit/rpc/server.ts";
import type { FaultAt } from "../_kit/telemetry/faults.ts";
import type { Note } from "../_kit/telemetry/note.ts";
import { type ChargeRequest, makeCharge, type Wait } from "./charge.ts";
import type { Charge, Outcome } from "./store.ts";

const request = { key: "o-1:charge", orderId: "o-1", userId: "ann", amountCents: 2_499, token: "tok_visa" };
const declined = { code: "precondition_failed", reason: "card_declined" };

const never = new AbortController().signal;

const outcomeOf = (charge: Charge): Outcome =>
  charge.status === "charged"
    ? { status: charge.status, chargeId: charge.chargeId, refunded: false }
    : { status: charge.status, chargeId: charge.chargeId };

/** Payments with charges in memory. `fault`: the kind of fault that bites once; `arg`: its argument. */
function payments(fault?: string, { arg, wait = async () => {} }: { arg?: string; wait?: Wait } = {}) {
  const kept = new Map<string, Charge>();
  const voided = new Set<string>();
  const note = vi.fn<Note<Vocabulary>>();
  const asked: string[] = [];
  let ids = 0;
  const faultAt: FaultAt = (point) => {
    asked.push(point);
    return fault !== undefined && asked.length === 1 ? { point, kind: fault, arg, attempts: 1 } : undefined;
  };
  const waited = vi.fn<Wait>(wait);
  const make = makeCharge({
    charges: {
      keep: async (fresh) => {
        if (voided.has(fresh.key)) return { status: "voided" };
        const first = kept.get(fresh.key) ?? fresh;
        kept.set(fresh.key, first);
        return outcomeOf(first);
      },
    },
    fault: faultAt,
    wait: waited,
    note,
    newId: () => `ch-${++ids}`,
  });
  const charge = (asFor: ChargeRequest, signal = never) => make(asFor, signal);
  return { charge, kept, voided, note, asked, waited };
}

test("a charge is stored and answers its id", async () => {
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

test("the declining token is declined, and the decline is stored", async () => {
  const { charge, kept, note } = payments();
  await expect(charge({ ...request, token: "tok_declined" })).rejects.toMatchObject(declined);
  expect(kept.get(request.key)?.status).toBe("declined");
  expect(note.mock.calls).toEqual([["payment.declined", { orderId: "o-1", amountCents: 2_499 }]]);
});

test("the fault `declined` declines any card; an unknown kind does nothing", async () => {
  await expect(payments("declined").charge(request)).rejects.toMatchObject(declined);
  expect(await payments("generous").charge(request)).toBe("ch-1");
});

test("the same key again gives the same answer", async () => {
  const { charge, kept } = payments();
  expect(await charge(request)).toBe("ch-1");
  expect(await charge(request)).toBe("ch-1");
  expect(await charge({ ...request, token: "tok_declined" })).toBe("ch-1");
  expect(kept.size).toBe(1);
});

test("the same key again gets the same decline, although the fault no longer bites", async () => {
  const { charge, kept } = payments("declined");
  await expect(charge(request)).rejects.toMatchObject(declined);
  await expect(charge(request)).rejects.toMatchObject(declined);
  expect(kept.size).toBe(1);
});

test("a charge whose refund came first is refused, for any card", async () => {
  for (const token of ["tok_visa", "tok_declined"]) {
    const { charge, kept, voided, note } = payments();
    voided.add(request.key);
    await expect(charge({ ...request, token })).rejects.toMatchObject({
      code: "precondition_failed",
      reason: "charge_voided",
    });
    expect([kept.size, note.mock.calls]).toEqual([0, []]);
  }
});

test("with the fault `lost` the card is charged, and only the answer fails", async () => {
  const { charge, kept, note } = payments("lost");
  await expect(charge(request)).rejects.toMatchObject({ code: "unavailable" });
  expect(kept.get(request.key)?.status).toBe("charged");
  expect(note.mock.calls).toEqual([["payment.charged", { orderId: "o-1", amountCents: 2_499 }]]);
  expect(await charge(request)).toBe("ch-1");
});

test("the fault `lost` does not affect a decline", async () => {
  const { charge } = payments("lost");
  await expect(charge({ ...request, token: "tok_declined" })).rejects.toMatchObject(declined);
});

test("the fault `slow` waits as long as it says, a minute at most, and then charges", async () => {
  const slow = payments("slow", { arg: "250" });
  expect(await slow.charge(request)).toBe("ch-1");
  expect(slow.waited.mock.calls).toEqual([[250, never]]);
  const forever = payments("slow", { arg: "999999999" });
  await forever.charge(request);
  expect(forever.waited.mock.calls).toEqual([[60_000, never]]);
});

test("the fault `slow` without a number waits for nothing", async () => {
  for (const arg of [undefined, "", "-5", "1e3", "soon"]) {
    const { charge, waited } = payments("slow", arg === undefined ? {} : { arg });
    expect(await charge(request)).toBe("ch-1");
    expect(waited).not.toHaveBeenCalled();
  }
});

test("a caller with a deadline gets an answer by then, and the slow bank has charged nothing", async () => {
  // The bank never answers: only the deadline can end the wait.
  const wait: Wait = (_ms, signal) => delay(2 ** 31 - 1, undefined, { signal });
  const { charge, kept, note } = payments("slow", { arg: "60000", wait });
  const handled: Promise<string>[] = [];
  const server = await serveRpc({
    host: "127.0.0.1",
    port: 0,
    log: quiet,
    services: [PaymentService],
    routes: (router) => {
      router.service(PaymentService, {
        charge: async (_, { signal }) => {
          const charged = charge(request, signal);
          handled.push(charged);
          return { chargeId: await charged };
        },
      });
    },
    ready: async () => {},
  });
  const client = rpcClient(PaymentService, server.url, patient(100));
  try {
    await expect(client.call.charge({})).rejects.toMatchObject({ code: "deadline_exceeded" });
    // The wait ends in the server too; this would never settle otherwise.
    await expect(handled[0]).rejects.toMatchObject({ code: "deadline_exceeded" });
  } finally {
    client.close();
    await server.close();
  }
  expect([kept.size, note.mock.calls]).toEqual([0, []]);
});

test("a charge whose caller has given up fails as deadline_exceeded", async () => {
  const wait: Wait = (ms, signal) => delay(ms, undefined, { signal });
  const gone = AbortSignal.abort();
  const { charge, kept } = payments("slow", { arg: "60000", wait });
  await expect(charge(request, gone)).rejects.toMatchObject({ code: "deadline_exceeded" });
  expect(kept.size).toBe(0);
});
