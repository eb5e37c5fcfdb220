import { expect, test, vi } from "vitest";
import type { Vocabulary } from "../_contracts/vocabulary.ts";
import { AppError } from "../_kit/errors.ts";
import type { Note } from "../_kit/telemetry/note.ts";
import { type CheckoutDeps, type Inventory, makeCheckout, type Payments } from "./checkout.ts";
import type { Order } from "./order.ts";
import type { OrderStore } from "./store.ts";

const request = {
  idempotencyKey: "k-1",
  userId: "ann",
  items: [{ sku: "teapot", quantity: 2 }],
  paymentToken: "tok_visa",
};
const declined = new AppError("precondition_failed", "no", { reason: "card_declined" });
const outOfStock = new AppError("precondition_failed", "no", { reason: "out_of_stock" });
const lost = new AppError("deadline_exceeded", "no answer");

/** Orders in memory; each change of state is put on the `trail`. */
function ordersInMemory(trail: string[]) {
  const byId = new Map<string, Order>();
  const byKey = new Map<string, string>();
  const change = (orderId: string, to: Partial<Order>): Order => {
    const order = byId.get(orderId);
    if (order?.status !== "PENDING") throw new Error(`${orderId} is not PENDING`);
    const changed = { ...order, ...to };
    byId.set(orderId, changed);
    return changed;
  };
  const store: OrderStore = {
    find: async (orderId) => byId.get(orderId),
    findByKey: async (key) => byId.get(byKey.get(key) ?? ""),
    place: async ({ idempotencyKey, orderId, userId, items, totalCents }) => {
      if (byKey.has(idempotencyKey)) return false;
      trail.push("place");
      byKey.set(idempotencyKey, orderId);
      const fresh = { status: "PENDING", reason: "", createdAt: new Date(0) } as const;
      byId.set(orderId, { ...fresh, orderId, userId, items, totalCents });
      return true;
    },
    begin: async (_orderId, step) => {
      trail.push(`begin ${step}`);
    },
    confirm: async (orderId) => {
      trail.push("confirm");
      return change(orderId, { status: "CONFIRMED" });
    },
    reject: async (orderId, reason) => {
      trail.push(`reject ${reason}`);
      return change(orderId, { status: "REJECTED", reason });
    },
    ship: async () => {
      throw new Error("a checkout ships nothing");
    },
  };
  return { store, byId };
}

/** A checkout whose neighbours all say yes, but for what `told` replaces. */
function shop(told: { inventory?: Partial<Inventory>; payments?: Partial<Payments> } = {}) {
  const trail: string[] = [];
  const orders = ordersInMemory(trail);
  const note = vi.fn<Note<Vocabulary>>();
  const charge = vi.fn<Payments["charge"]>(told.payments?.charge ?? (async () => {}));
  const inventory: Inventory = {
    quote: async () => 4_998,
    reserve: async () => {},
    release: async () => {},
    ...told.inventory,
  };
  let ids = 0;
  /** The same call, put on the trail when it is made. */
  const trailed =
    <A extends unknown[], R>(step: string, call: (...args: A) => R) =>
    (...args: A): R => {
      trail.push(step);
      return call(...args);
    };
  const deps: CheckoutDeps = {
    orders: orders.store,
    inventory: {
      quote: inventory.quote,
      reserve: trailed("reserve", inventory.reserve),
      release: trailed("release", inventory.release),
    },
    payments: {
      charge: trailed("charge", charge),
      outcome: trailed("ask", told.payments?.outcome ?? (async () => "unknown")),
    },
    note,
    newId: () => `o-${++ids}`,
  };
  const confirmFails = () => {
    orders.store.confirm = trailed("confirm", failing(new Error("the database is away")));
  };
  return { checkout: makeCheckout(deps), trail, orders: orders.byId, note, charge, confirmFails };
}

const failing = (error: unknown) => async () => {
  throw error;
};
const notes = (note: { mock: { calls: unknown[][] } }) => note.mock.calls.map(([event]) => event);

test("a good checkout reserves, charges once under the order's key, and confirms", async () => {
  const { checkout, trail, note, charge } = shop();
  const order = await checkout(request);
  expect(order).toMatchObject({ orderId: "o-1", status: "CONFIRMED", totalCents: 4_998 });
  expect(trail).toEqual(["place", "reserve", "begin charge", "charge", "confirm"]);
  const asked = { key: "o-1:charge", orderId: "o-1", userId: "ann", amountCents: 4_998, token: "tok_visa" };
  expect(charge.mock.calls).toEqual([[asked]]);
  expect(notes(note)).toEqual(["order.placed", "order.confirmed"]);
});

test("out of stock rejects the order; nothing is charged and nothing released", async () => {
  const { checkout, trail, note } = shop({ inventory: { reserve: failing(outOfStock) } });
  expect(await checkout(request)).toMatchObject({ status: "REJECTED", reason: "out_of_stock" });
  expect(trail).toEqual(["place", "reserve", "reject out_of_stock"]);
  expect(note.mock.lastCall).toEqual(["order.rejected", { orderId: "o-1", reason: "out_of_stock" }]);
});

const compensated = ["begin compensate", "release", "reject card_declined"];

test("a declined card is compensated: the stock is released before the order is rejected", async () => {
  const { checkout, trail, note } = shop({ payments: { charge: failing(declined) } });
  expect(await checkout(request)).toMatchObject({ status: "REJECTED", reason: "card_declined" });
  expect(trail).toEqual(["place", "reserve", "begin charge", "charge", ...compensated]);
  expect(note.mock.lastCall).toEqual(["order.rejected", { orderId: "o-1", reason: "card_declined" }]);
});

test("when the answer of the charge is lost, its outcome is asked for, and a charge that went through confirms", async () => {
  const outcome = vi.fn<Payments["outcome"]>(async () => "charged");
  const { checkout, trail } = shop({ payments: { charge: failing(lost), outcome } });
  expect(await checkout(request)).toMatchObject({ status: "CONFIRMED" });
  expect(trail).toEqual(["place", "reserve", "begin charge", "charge", "ask", "confirm"]);
  expect(outcome.mock.calls).toEqual([["o-1:charge"]]);
});

test("when the answer of the charge is lost and it was declined, the order is compensated", async () => {
  const { checkout, trail } = shop({ payments: { charge: failing(lost), outcome: async () => "declined" } });
  expect(await checkout(request)).toMatchObject({ status: "REJECTED", reason: "card_declined" });
  expect(trail).toEqual(["place", "reserve", "begin charge", "charge", "ask", ...compensated]);
});

for (const [what, outcome] of [
  ["is not known", async () => "unknown" as const],
  ["cannot be asked for", failing(new AppError("unavailable", "away"))],
] as const) {
  test(`when the outcome of a charge ${what}, the order stays PENDING, keeps its stock, and the caller gets its id`, async () => {
    const { checkout, trail, orders } = shop({ payments: { charge: failing(lost), outcome } });
    await expect(checkout(request)).rejects.toMatchObject({
      code: "deadline_exceeded",
      reason: "outcome_unknown",
      extra: { orderId: "o-1" },
      cause: lost,
    });
    expect(trail).toEqual(["place", "reserve", "begin charge", "charge", "ask"]);
    expect(orders.get("o-1")?.status).toBe("PENDING");
  });
}

test("when the answer of the reservation is lost, nothing is charged and the order stays PENDING", async () => {
  const { checkout, trail, orders, note } = shop({ inventory: { reserve: failing(lost) } });
  await expect(checkout(request)).rejects.toMatchObject({ extra: { orderId: "o-1" }, cause: lost });
  expect(note.mock.lastCall?.[0]).toBe("order.unsettled");
  expect(trail).toEqual(["place", "reserve"]);
  expect(orders.get("o-1")?.status).toBe("PENDING");
});

test("when the stock cannot be released, the order is not called rejected: it stays PENDING, to be compensated later", async () => {
  const away = new AppError("unavailable", "away");
  const { checkout, trail, orders, note } = shop({
    inventory: { release: failing(away) },
    payments: { charge: failing(declined) },
  });
  await expect(checkout(request)).rejects.toMatchObject({
    reason: "outcome_unknown",
    extra: { orderId: "o-1" },
    cause: away,
  });
  expect(trail.slice(-2)).toEqual(["begin compensate", "release"]);
  expect(orders.get("o-1")?.status).toBe("PENDING");
  expect(notes(note)).not.toContain("order.rejected");
});

test("when the confirmation cannot be stored, the caller gets the order's id, and nothing is released", async () => {
  const { checkout, trail, confirmFails } = shop();
  confirmFails();
  await expect(checkout(request)).rejects.toMatchObject({
    reason: "outcome_unknown",
    extra: { orderId: "o-1" },
  });
  expect(trail).toEqual(["place", "reserve", "begin charge", "charge", "confirm"]);
});

test("the same idempotency key again answers the same order and does nothing", async () => {
  const { checkout, trail } = shop();
  const first = await checkout(request);
  const done = trail.length;
  expect(await checkout(request)).toEqual(first);
  expect(trail).toHaveLength(done);
});

test("the same idempotency key twice at once makes one order, and tells the other to wait for it", async () => {
  const { checkout, orders, charge } = shop();
  const [first, second] = await Promise.allSettled([checkout(request), checkout(request)]);
  expect(first).toMatchObject({ status: "fulfilled", value: { status: "CONFIRMED" } });
  expect(second).toMatchObject({ status: "rejected", reason: { code: "conflict" } });
  expect(orders.size).toBe(1);
  expect(charge).toHaveBeenCalledTimes(1);
});

test("an unknown product is refused before anything is stored", async () => {
  const unknown = new AppError("invalid", "no such product", { reason: "unknown_sku" });
  const { checkout, trail, orders, note } = shop({ inventory: { quote: failing(unknown) } });
  await expect(checkout(request)).rejects.toBe(unknown);
  expect(trail).toEqual([]);
  expect(orders.size).toBe(0);
  expect(note).not.toHaveBeenCalled();
});
