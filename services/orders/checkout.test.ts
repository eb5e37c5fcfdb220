import { expect, test, vi } from "vitest";
import type { Vocabulary } from "../_contracts/vocabulary.ts";
import { AppError } from "../_kit/process/errors.ts";
import type { Note } from "../_kit/telemetry/note.ts";
import type { Inventory, Payments } from "./saga.ts";
import {
  counting,
  neighboursInMemory,
  neverFails,
  ordersInMemory,
  processOf,
  request,
  waiting,
} from "./shop.fixture.ts";

const declined = new AppError("precondition_failed", "no", { reason: "card_declined" });
const lost = new AppError("deadline_exceeded", "no answer");

/** A checkout whose calls all succeed, except those that `told` replaces. The trail lists its steps and calls. */
function shop(told: { inventory?: Partial<Inventory>; payments?: Partial<Payments> } = {}) {
  const trail: string[] = [];
  const trailed =
    <A extends unknown[], R>(name: string | ((args: NoInfer<A>) => string), call: (...args: A) => R) =>
    (...args: A): R => {
      trail.push(typeof name === "string" ? name : name(args));
      return call(...args);
    };
  const orders = ordersInMemory();
  const { inventory, payments, requestRefund } = neighboursInMemory();
  const note = vi.fn<Note<Vocabulary>>();
  const charge = vi.fn<Payments["charge"]>(told.payments?.charge ?? payments.charge);
  const { checkout, cancel } = processOf({
    orders: {
      ...orders,
      place: trailed("place", orders.place),
      begin: trailed(([, step]) => `begin ${step}`, orders.begin),
      confirm: trailed(
        () => "confirm",
        (hold) => orders.confirm(hold),
      ),
      reject: trailed(([, reason]) => `reject ${reason}`, orders.reject),
    },
    inventory: {
      quote: told.inventory?.quote ?? inventory.quote,
      reserve: trailed("reserve", told.inventory?.reserve ?? inventory.reserve),
      release: trailed("release", told.inventory?.release ?? inventory.release),
    },
    payments: {
      charge: trailed("charge", charge),
      outcome: trailed("ask", told.payments?.outcome ?? payments.outcome),
    },
    requestRefund: trailed("refund", requestRefund),
    note,
    fault: neverFails,
    newId: counting("o-"),
  });
  return { checkout, cancel, trail, orders, note, charge };
}

const failing = (error: unknown) => async () => {
  throw error;
};
const notes = (note: { mock: { calls: unknown[][] } }) => note.mock.calls.map(([event]) => event);
const reserved = ["place", "reserve"];
const charged = [...reserved, "begin charge", "charge"];
/** The lease is renewed before the outcome is looked up, because the charge may have used it up. */
const asked = [...charged, "begin charge", "ask"];
const compensated = ["begin compensate", "release", "reject card_declined"];

test("a good checkout reserves, charges once under the order's key, and confirms", async () => {
  const { checkout, trail, note, charge } = shop();
  const order = await checkout(request(), waiting);
  expect(order).toMatchObject({ orderId: "o-1", status: "CONFIRMED", totalCents: 4_998 });
  expect(trail).toEqual([...charged, "confirm"]);
  const sent = { key: "o-1:charge", orderId: "o-1", userId: "ann", amountCents: 4_998, token: "tok_visa" };
  expect(charge.mock.calls).toEqual([[sent]]);
  expect(notes(note)).toEqual(["order.placed", "order.confirmed"]);
});

test.each(["out_of_stock", "retired"])(
  "%s rejects the order; nothing is charged and nothing released",
  async (reason) => {
    const refused = new AppError("precondition_failed", "no", { reason });
    const { checkout, trail, note } = shop({ inventory: { reserve: failing(refused) } });
    expect(await checkout(request(), waiting)).toMatchObject({ status: "REJECTED", reason });
    expect(trail).toEqual([...reserved, `reject ${reason}`]);
    expect(note.mock.lastCall).toEqual(["order.rejected", { orderId: "o-1", reason }]);
  },
);

test("a declined card is compensated: the stock is released before the order is rejected, and no refund is asked for", async () => {
  const { checkout, trail, note } = shop({ payments: { charge: failing(declined) } });
  expect(await checkout(request(), waiting)).toMatchObject({ status: "REJECTED", reason: "card_declined" });
  expect(trail).toEqual([...charged, ...compensated]);
  expect(note.mock.lastCall).toEqual(["order.rejected", { orderId: "o-1", reason: "card_declined" }]);
});

test("when the charge's answer is lost its outcome is looked up, and a charge that succeeded confirms the order", async () => {
  const outcome = vi.fn<Payments["outcome"]>(async () => "charged");
  const { checkout, trail } = shop({ payments: { charge: failing(lost), outcome } });
  expect(await checkout(request(), waiting)).toMatchObject({ status: "CONFIRMED" });
  expect(trail).toEqual([...asked, "confirm"]);
  expect(outcome.mock.calls).toEqual([["o-1:charge"]]);
});

test("when the answer of the charge is lost and it was declined, the order is compensated", async () => {
  const { checkout, trail } = shop({ payments: { charge: failing(lost), outcome: async () => "declined" } });
  expect(await checkout(request(), waiting)).toMatchObject({ status: "REJECTED", reason: "card_declined" });
  expect(trail).toEqual([...asked, ...compensated]);
});

for (const [what, outcome] of [
  ["is not known", async () => "unknown" as const],
  ["cannot be looked up", failing(new AppError("unavailable", "away"))],
] as const) {
  test(`when the outcome of a charge ${what}, the order stays PENDING, keeps its stock, and the caller gets its id`, async () => {
    const { checkout, trail, orders } = shop({ payments: { charge: failing(lost), outcome } });
    await expect(checkout(request(), waiting)).rejects.toMatchObject({
      code: "deadline_exceeded",
      reason: "outcome_unknown",
      extra: { orderId: "o-1" },
      cause: lost,
    });
    expect(trail).toEqual(asked);
    expect(orders.byId.get("o-1")?.status).toBe("PENDING");
    // The lease still runs, so that calls under way can arrive.
    expect(await orders.take("sweeper", 1)).toEqual([]);
  });
}

test("when the answer of the reservation is lost, nothing is charged and the order stays PENDING", async () => {
  const { checkout, trail, orders, note } = shop({ inventory: { reserve: failing(lost) } });
  await expect(checkout(request(), waiting)).rejects.toMatchObject({
    extra: { orderId: "o-1" },
    cause: lost,
  });
  expect(note.mock.lastCall?.[0]).toBe("order.unsettled");
  expect(trail).toEqual(reserved);
  expect(orders.byId.get("o-1")?.status).toBe("PENDING");
});

test("when the stock cannot be released, the order is not rejected: it stays PENDING and is compensated later", async () => {
  const away = new AppError("unavailable", "away");
  const { checkout, trail, orders, note } = shop({
    inventory: { release: failing(away) },
    payments: { charge: failing(declined) },
  });
  await expect(checkout(request(), waiting)).rejects.toMatchObject({
    reason: "outcome_unknown",
    extra: { orderId: "o-1" },
    cause: away,
  });
  expect(trail.slice(-2)).toEqual(["begin compensate", "release"]);
  expect(orders.byId.get("o-1")?.status).toBe("PENDING");
  expect(notes(note)).not.toContain("order.rejected");
});

test("when the confirmation cannot be stored, the caller gets the order's id, and nothing is released", async () => {
  const { checkout, trail, orders } = shop();
  vi.spyOn(orders, "confirm").mockRejectedValueOnce(new Error("the database is away"));
  await expect(checkout(request(), waiting)).rejects.toMatchObject({
    reason: "outcome_unknown",
    extra: { orderId: "o-1" },
  });
  expect(trail).toEqual([...charged, "confirm"]);
});

test("a failed checkout whose caller has given up is due for the sweeper at once", async () => {
  const { checkout, orders } = shop({ payments: { charge: failing(lost) } });
  await expect(checkout(request(), AbortSignal.abort())).rejects.toMatchObject({ reason: "outcome_unknown" });
  expect(await orders.take("sweeper", 1)).toMatchObject([{ orderId: "o-1", step: "charge", attempt: 2 }]);
});

test("a checkout that is cancelled under way charges nothing more, and answers with the order, CANCELLED", async () => {
  const reserve: Inventory["reserve"] = async () => {
    await cancel("o-1");
  };
  const { checkout, cancel, trail, note } = shop({ inventory: { reserve } });
  expect(await checkout(request(), waiting)).toMatchObject({ orderId: "o-1", status: "CANCELLED" });
  expect(trail).toEqual([...reserved, "release", "begin charge"]);
  expect(notes(note)).toEqual(["order.placed", "order.cancelled"]);
});

test("a checkout that is cancelled while its card is charged is refunded, and not confirmed", async () => {
  const charge: Payments["charge"] = async () => {
    await cancel("o-1");
  };
  const { checkout, cancel, trail } = shop({ payments: { charge } });
  expect(await checkout(request(), waiting)).toMatchObject({ status: "CANCELLED" });
  expect(trail).toEqual([...charged, "refund", "release", "confirm"]);
});

test("the same idempotency key again answers the same order and does nothing", async () => {
  const { checkout, trail } = shop();
  const first = await checkout(request(), waiting);
  const done = trail.length;
  expect(await checkout(request(), waiting)).toEqual(first);
  expect(trail).toHaveLength(done);
});

test("the same idempotency key gets the checkout's answer, also when the order has changed since", async () => {
  const { checkout, cancel } = shop();
  const { orderId } = await checkout(request(), waiting);
  await cancel(orderId);
  expect(await checkout(request(), waiting)).toMatchObject({ orderId, status: "CONFIRMED" });
});

test("the same idempotency key with another request is refused, also while the first is under way", async () => {
  const { checkout } = shop();
  const other = { ...request(), requestHash: "another" };
  const reused = { code: "invalid", reason: "idempotency_key_reused" };
  const [first, second] = await Promise.allSettled([checkout(request(), waiting), checkout(other, waiting)]);
  expect(first).toMatchObject({ status: "fulfilled", value: { status: "CONFIRMED" } });
  expect(second).toMatchObject({ status: "rejected", reason: reused });
  await expect(checkout(other, waiting)).rejects.toMatchObject(reused);
});

test("the same idempotency key twice at once makes one order, and tells the other to wait for it", async () => {
  const { checkout, orders, charge } = shop();
  const [first, second] = await Promise.allSettled([
    checkout(request(), waiting),
    checkout(request(), waiting),
  ]);
  expect(first).toMatchObject({ status: "fulfilled", value: { status: "CONFIRMED" } });
  expect(second).toMatchObject({
    status: "rejected",
    reason: { code: "conflict", reason: "in_progress", extra: { orderId: "o-1" } },
  });
  expect(orders.byId.size).toBe(1);
  expect(charge).toHaveBeenCalledTimes(1);
});

test("the same idempotency key again after the outcome stayed unknown gets the same answer", async () => {
  const { checkout, trail } = shop({ payments: { charge: failing(lost) } });
  await expect(checkout(request(), waiting)).rejects.toMatchObject({ reason: "outcome_unknown" });
  const done = trail.length;
  await expect(checkout(request(), waiting)).rejects.toMatchObject({
    code: "deadline_exceeded",
    reason: "outcome_unknown",
    extra: { orderId: "o-1" },
  });
  expect(trail).toHaveLength(done);
});

test("an unknown product is refused before anything is stored", async () => {
  const unknown = new AppError("invalid", "no such product", { reason: "unknown_sku" });
  const { checkout, trail, orders, note } = shop({ inventory: { quote: failing(unknown) } });
  await expect(checkout(request(), waiting)).rejects.toBe(unknown);
  expect(trail).toEqual([]);
  expect(orders.byId.size).toBe(0);
  expect(note).not.toHaveBeenCalled();
});
