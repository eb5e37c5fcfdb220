/**
 * The property that a saga must keep. Calls arrive late or get lost, processes die, cancels and sweeps come, in any
 * order: in the end the order is in an end state, and stock and money agree with it.
 */
import fc from "fast-check";
import { expect } from "vitest";
import { AppError } from "../_kit/process/errors.ts";
import type { Order } from "./order.ts";
import {
  counting,
  neighboursInMemory,
  neverFails,
  ordersInMemory,
  processOf,
  request,
  waiting,
  wrongWith,
} from "./shop.fixture.ts";

/** What happens to a call. `late`: the caller gets a failure, and the call arrives afterwards. */
const fate = fc.constantFrom("arrives", "arrives", "arrives", "answer lost", "request lost", "late", "late");
type Fate = "arrives" | "answer lost" | "request lost" | "late";

/** How many turns of the scheduler pass before something happens. */
const turns = fc.nat({ max: 24 });

const plan = fc.record({
  token: fc.constantFrom("tok_visa", "tok_visa", "tok_declined"),
  reserve: fate,
  charge: fate,
  asking: fate,
  refund: fate,
  /** How many turns later a late call arrives. */
  lateness: fc.nat({ max: 90 }),
  cancels: fc.array(turns, { maxLength: 2 }),
  sweeps: fc.array(turns, { minLength: 1, maxLength: 3 }),
  refunds: turns,
  firstDies: fc.option(turns),
  sweeperDies: fc.option(turns),
  gone: fc.boolean(),
});

type Fated = "reserve" | "charge" | "asking" | "refund";
type Fates = Partial<Record<Fated, Fate>> & { readonly lateness?: number };

const ORDER = "o-1";
const lost = () => new AppError("deadline_exceeded", "no answer");

type Neighbours = ReturnType<typeof neighboursInMemory>;
type Orders = ReturnType<typeof ordersInMemory>;

/** Lets `count` turns of the scheduler pass, and one more. */
async function after(s: fc.Scheduler, count: number, what: string): Promise<void> {
  for (let n = 0; n <= count; n += 1) await s.schedule(Promise.resolve(), what);
}

interface World {
  readonly s: fc.Scheduler;
  readonly orders: Orders;
  readonly neighbours: Neighbours;
}

/** A process whose calls each pass the scheduler twice: once with the request, once with the answer. */
function processIn({ s, orders, neighbours }: World, who: string, fates: Fates = {}) {
  const state = { dead: false };
  const over =
    <A extends unknown[], R>(name: string, call: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      const never = new Promise<never>(() => {});
      if (state.dead) return never;
      const fate = fates[name as Fated] ?? "arrives";
      if (fate === "request lost") throw lost();
      const turns = fate === "late" ? (fates.lateness ?? 0) : 0;
      const carriedOut = after(s, turns, `${who}: ${name}`).then(() => call(...args));
      carriedOut.catch(() => {});
      if (fate === "late") throw lost();
      await carriedOut.catch(() => {});
      await s.schedule(Promise.resolve(), `${who}: ${name} answered`);
      if (state.dead) return never;
      if (fate === "answer lost") throw lost();
      return carriedOut;
    };
  const { inventory, payments, requestRefund } = neighbours;
  const process = processOf({
    orders: {
      ...orders,
      find: over("find", orders.find),
      place: over("place", orders.place),
      begin: over("begin", orders.begin),
      confirm: over("confirm", orders.confirm),
      reject: over("reject", orders.reject),
      finish: over("finish", orders.finish),
      letGo: over("let go", orders.letGo),
      take: over("take", orders.take),
      cancel: over("cancel", orders.cancel),
    },
    inventory: {
      quote: inventory.quote,
      reserve: over("reserve", inventory.reserve),
      release: over("release", inventory.release),
    },
    payments: { charge: over("charge", payments.charge), outcome: over("asking", payments.outcome) },
    requestRefund: over("refund", requestRefund),
    note: () => {},
    fault: neverFails,
    newId: who === "first" ? counting("o-") : counting(`${who}-`),
  });
  return { ...process, state };
}

/** Checks the property with `numRuns` cases. */
export async function sagaHolds(numRuns: number): Promise<void> {
  const property = fc.asyncProperty(fc.scheduler(), plan, async (s, given) => {
    const { token, cancels, sweeps, refunds, firstDies, sweeperDies, gone, ...fates } = given;
    const [orders, neighbours] = [ordersInMemory(), neighboursInMemory()];
    const world = { s, orders, neighbours };
    const [first, sweeper, last] = [
      processIn(world, "first", fates),
      processIn(world, "sweeper"),
      processIn(world, "last"),
    ];

    let answered: Order | undefined;
    const signal = gone ? AbortSignal.abort() : waiting;
    first.checkout({ ...request(), paymentToken: token }, signal).then(
      (order) => {
        answered = order;
      },
      () => {},
    );
    for (const turns of cancels) after(s, turns, "cancel").then(() => last.cancel(ORDER).catch(() => {}));
    for (const turns of sweeps) {
      after(s, turns, "sweep").then(() => {
        orders.expire();
        return sweeper.sweep(waiting);
      });
    }
    after(s, refunds, "refunds").then(neighbours.workRefunds);
    for (const [turns, { state }] of [
      [firstDies, first],
      [sweeperDies, sweeper],
    ] as const) {
      if (turns !== null) {
        after(s, turns, "death").then(() => {
          state.dead = true;
        });
      }
    }
    await s.waitIdle();

    // Sagas that got stuck are swept until they are done.
    for (let round = 0; round < 3; round += 1) {
      orders.expire();
      last.sweep(waiting);
      await s.waitIdle();
    }
    neighbours.workRefunds();

    const order = orders.byId.get(ORDER);
    if (order === undefined) return expect(neighbours.charges.size + neighbours.stock.size).toBe(0);
    expect(wrongWith(order.status, neighbours.stock.get(ORDER), neighbours.charges)).toEqual([]);
    expect(orders.sagas.get(ORDER)?.step).toBe("done");
    const history = await orders.history(ORDER);
    const positions = history.map(({ position }) => position);
    expect(positions).toEqual([...new Set(positions)].toSorted());
    expect(history.at(-1)?.status).toBe(order.status);
    if (answered) expect(history.map(({ status }) => status)).toContain(answered.status);
    if (cancels.length === 0) expect(order.status).not.toBe("CANCELLED");
  });
  await fc.assert(property, { numRuns });
}
