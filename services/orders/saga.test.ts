import { expect, test, vi } from "vitest";
import { AppError } from "../_kit/process/errors.ts";
import type { Saga } from "./ports.ts";
import { makeSaga, type Outcome } from "./saga.ts";
import { neighboursInMemory, ordersInMemory, request } from "./shop.fixture.ts";

/** An order whose process died at `step`. The trail lists what is done when its saga is resumed. */
async function stuck(step: Saga["step"], outcome: () => Promise<Outcome>, reason: Saga["reason"] = "") {
  const orders = ordersInMemory();
  const { inventory } = neighboursInMemory();
  const hold = { orderId: "o-1", owner: "first" };
  await orders.place({ ...request(), ...hold, totalCents: 4_998 });
  if (step === "charge" || step === "cancel") await orders.begin(hold, "charge", { chargeKey: "o-1:charge" });
  if (step === "compensate" && reason !== "") await orders.begin(hold, "compensate", { reason });
  if (step === "cancel") await orders.cancel("o-1", "canceller");
  orders.expire();
  const [saga] = await orders.take("sweeper", 1);
  if (saga === undefined) throw new Error("nothing is due");
  expect(saga.step).toBe(step);

  const trail: string[] = [];
  const asked = vi.fn(outcome);
  const { resume } = makeSaga({
    sagas: orders,
    inventory,
    payments: { charge: async () => expect.unreachable("a resumed saga has no card"), outcome: asked },
    compensate: async (_, refund) => {
      trail.push(...(refund ? [`refund ${refund.chargeKey}`] : []), "release");
    },
    takeStep: (_, work) => work(),
    note: vi.fn(),
  });
  return { resume: () => resume(saga), saga, orders, trail, asked, order: () => orders.byId.get("o-1") };
}

const cases = [
  ["charge", "charged", [], { status: "CONFIRMED", reason: "" }],
  ["charge", "declined", ["release"], { status: "REJECTED", reason: "card_declined" }],
  ["charge", "unknown", ["refund o-1:charge", "release"], { status: "REJECTED", reason: "interrupted" }],
  ["charge", "undone", ["refund o-1:charge", "release"], { status: "REJECTED", reason: "interrupted" }],
  ["reserve", undefined, ["release"], { status: "REJECTED", reason: "interrupted" }],
  ["cancel", undefined, ["refund o-1:charge", "release"], { status: "CANCELLED" }],
] as const;
for (const [step, outcome, undone, end] of cases) {
  test(`resumed at ${step}${outcome ? `, its charge ${outcome}` : ""}: ${undone.join(", ") || "nothing undone"}, ${Object.values(end).join(" ")}`, async () => {
    const { resume, trail, asked, order, orders } = await stuck(step, async () => {
      if (outcome === undefined) expect.unreachable("no charge of this saga is open");
      return outcome;
    });
    await resume();
    expect(trail).toEqual(undone);
    expect(asked.mock.calls).toEqual(outcome ? [["o-1:charge"]] : []);
    expect(order()).toMatchObject(end);
    expect(orders.sagas.get("o-1")?.step).toBe("done");
  });
}

test("a resumed compensation keeps the reason that it was begun with", async () => {
  const { resume, trail, order } = await stuck("compensate", async () => "unknown", "card_declined");
  await resume();
  expect(trail).toEqual(["release"]);
  expect(order()).toMatchObject({ status: "REJECTED", reason: "card_declined" });
});

test("when payments cannot be asked, nothing is released", async () => {
  const { resume, trail, order, orders } = await stuck("charge", async () => {
    throw new AppError("unavailable", "away");
  });
  await expect(resume()).rejects.toMatchObject({ code: "unavailable" });
  expect(trail).toEqual([]);
  expect(order()?.status).toBe("PENDING");
  expect(orders.sagas.get("o-1")?.step).toBe("charge");
});

test("an owner that has lost the saga undoes nothing and changes nothing", async () => {
  for (const outcome of ["charged", "unknown"] as const) {
    const { resume, trail, order, orders } = await stuck("charge", async () => outcome);
    orders.expire();
    expect(await orders.take("another", 1)).toHaveLength(1);
    await expect(resume()).rejects.toMatchObject({ code: "conflict", reason: "taken_over" });
    expect(trail).toEqual([]);
    expect(order()?.status).toBe("PENDING");
  }
});
