import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { freshDatabase, quiet, uniqueName } from "../../tests/fixtures.ts";
import { type Database, openDatabase } from "../_kit/database/postgres.ts";
import { testEvents } from "../_kit/events/cases/broker.fixture.ts";
import { inboxSchema } from "../_kit/events/inbox.ts";
import { outboxSchema } from "../_kit/events/outbox.ts";
import { AppError } from "../_kit/process/errors.ts";
import type { FaultAt } from "../_kit/telemetry/faults.ts";
import type { OrderStore } from "./ports.ts";
import { neighboursInMemory, neverFails, processOf, request, waiting, wrongWith } from "./shop.fixture.ts";
import { orderStore } from "./store.ts";

let db: Database;
let orders: OrderStore;
beforeAll(async () => {
  const schemas = [new URL("./schema.sql", import.meta.url), inboxSchema, outboxSchema];
  db = await openDatabase(await freshDatabase(inject("postgresUrl")), schemas, quiet);
  orders = orderStore(db, testEvents, 60_000);
});
afterAll(() => db.close());

/** Ends all leases and all rests. */
const expire = () => db.query("UPDATE sagas SET due_at = now() - interval '1 s' WHERE step <> 'done'");

/** A PENDING order whose process is gone. */
async function abandoned(): Promise<string> {
  const orderId = uniqueName("o-");
  const hold = { orderId, owner: "dead" };
  await orders.place({ ...request(`key of ${orderId}`), ...hold, totalCents: 1 });
  return orderId;
}

describe("taking sagas", () => {
  test("a saga is not taken while its lease runs, nor when it is done", async () => {
    const orderId = await abandoned();
    expect(await orders.take("w-1", 100)).toEqual([]);
    await expire();
    const [taken] = await orders.take("w-2", 100);
    expect(taken).toEqual({
      orderId,
      owner: "w-2",
      userId: "ann",
      step: "reserve",
      chargeKey: "",
      reason: "",
      carrier: {},
      attempt: 2,
    });
    expect(await orders.take("w-3", 100)).toEqual([]);
    await orders.reject({ orderId, owner: "w-2" }, "interrupted");
    await expire();
    expect(await orders.take("w-4", 100)).toEqual([]);
  });

  test("a step renews the lease, a saga is not taken while it rests, and each taking counts as an attempt", async () => {
    const orderId = await abandoned();
    const due = async () =>
      (
        await db.query<{ ms: number }>(
          "SELECT extract(epoch FROM due_at - now()) * 1000 AS ms FROM sagas WHERE order_id = $1",
          [orderId],
        )
      ).rows[0]?.ms;
    await expire();
    const hold = { orderId, owner: "w-1" };
    expect(await orders.take("w-1", 1)).toMatchObject([{ attempt: 2 }]);
    await expire();
    await orders.begin(hold, "charge", { chargeKey: "c" });
    expect(Number(await due())).toBeGreaterThan(30_000);
    await orders.letGo(hold, 0);
    expect(await orders.take("w-2", 1)).toMatchObject([{ orderId, attempt: 3, step: "charge" }]);
    await orders.letGo({ orderId, owner: "w-2" }, 30_000);
    expect(Number(await due())).toBeLessThanOrEqual(30_000);
    expect(await orders.take("w-3", 1)).toEqual([]);
    await expire();
    await orders.reject((await orders.take("w-4", 1))[0] ?? hold, "interrupted");
  });

  test("concurrent sweepers take each saga once, and none more than its limit", async () => {
    const ids = await Promise.all(Array.from({ length: 60 }, abandoned));
    await expire();
    const takers = Array.from({ length: 8 }, (_, n) => orders.take(`w-${n}`, 10));
    const shares = await Promise.all(takers);
    expect(shares.every((share) => share.length <= 10)).toBe(true);
    const taken = shares.flat().map(({ orderId }) => orderId);
    expect(new Set(taken).size).toBe(taken.length);
    const rest = await orders.take("last", 100);
    expect([...taken, ...rest.map(({ orderId }) => orderId)].toSorted()).toEqual(ids.toSorted());
    for (const saga of [...shares.flat(), ...rest]) await orders.reject(saga, "interrupted");
  });
});

/** Every moment at which the fault can end the process. */
const STEPS = ["place", "reserve", "charge", "confirm", "compensate", "refund", "release", "reject"];
const MOMENTS = STEPS.flatMap((step) => [step, `after-${step}`]);
const dyingAt = (moment: string): FaultAt => {
  return () => ({ point: "orders.saga", kind: "kill", arg: moment, attempts: 1 });
};

/** A checkout that dies here has not begun its charge, and is undone. */
const UNCHARGED = ["after-place", "reserve", "after-reserve", "charge"];
/** The ways in which a checkout may go, each with the state in which it must end after a death at `moment`. */
const ways = {
  "goes well": {
    token: "tok_visa",
    ends: (moment: string) => (UNCHARGED.includes(moment) ? "REJECTED interrupted" : "CONFIRMED"),
  },
  "is declined": {
    token: "tok_declined",
    ends: (moment: string) => `REJECTED ${UNCHARGED.includes(moment) ? "interrupted" : "card_declined"}`,
  },
  "is cancelled": { token: "tok_visa", cancels: true, ends: () => "CANCELLED" },
  "loses its charge": { token: "tok_visa", loses: true, ends: () => "REJECTED interrupted" },
  "loses its charge and is cancelled": {
    token: "tok_visa",
    loses: true,
    cancels: true,
    ends: () => "CANCELLED",
  },
};

describe("a process that dies between any two steps, and a sweeper that dies there too", () => {
  for (const [how, way] of Object.entries(ways)) {
    test(`a checkout that ${how}: order, stock and money agree in the end, after a death at any moment`, async () => {
      let deaths = 0;
      for (const moment of MOMENTS) {
        const orderId = uniqueName("o-");
        const neighbours = neighboursInMemory();
        /** Runs a process until it is done or dead. */
        const run = async (
          fault: FaultAt,
          work: (process: ReturnType<typeof processOf>) => Promise<unknown>,
        ) => {
          const { promise: dead, resolve: died } = Promise.withResolvers<void>();
          const ids = [orderId];
          const newId = () => ids.pop() ?? uniqueName("w-");
          const parts = { ...neighbours, orders, note: () => {}, fault, newId };
          const payments = { ...neighbours.payments };
          if ("loses" in way) payments.charge = () => Promise.reject(new AppError("unavailable", "away"));
          const process = processOf({
            ...parts,
            payments,
            died: () => {
              deaths += 1;
              died();
            },
          });
          await Promise.race([work(process).catch(() => {}), dead]);
        };
        await run(dyingAt(moment), ({ checkout }) =>
          checkout({ ...request(`key of ${orderId}`), paymentToken: way.token }, waiting),
        );
        if ("cancels" in way) await run(dyingAt(moment), ({ cancel }) => cancel(orderId));
        for (const fault of [dyingAt(moment), neverFails]) {
          await expire();
          await run(fault, ({ sweep }) => sweep(waiting));
        }
        neighbours.workRefunds();

        const order = await orders.find(orderId);
        if (moment === "place") {
          expect(order).toBeUndefined();
          expect(neighbours.stock.size + neighbours.charges.size).toBe(0);
          continue;
        }
        const wrong = order && wrongWith(order.status, neighbours.stock.get(orderId), neighbours.charges);
        expect(wrong, moment).toEqual([]);
        expect(`${order?.status} ${order?.reason}`.trim(), moment).toBe(way.ends(moment));
        const { rows } = await db.query("SELECT step FROM sagas WHERE order_id = $1", [orderId]);
        expect(rows, moment).toEqual([{ step: "done" }]);
        const events = await db.query("SELECT 1 FROM outbox WHERE payload->>'orderId' = $1", [orderId]);
        expect(events.rows.length, moment).toBe((await orders.history(orderId)).length - 1);
      }
      expect(deaths).toBeGreaterThan(6);
    });
  }
});
