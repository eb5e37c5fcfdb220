import { expect, test, vi } from "vitest";
import type { Vocabulary } from "../_contracts/vocabulary.ts";
import { AppError } from "../_kit/process/errors.ts";
import type { Note } from "../_kit/telemetry/note.ts";
import type { Saga } from "./ports.ts";
import { counting, waiting } from "./shop.fixture.ts";
import { makeSweep, restMs, startSweeper } from "./sweep.ts";

const saga = (orderId: string, attempt = 2): Saga => ({
  orderId,
  owner: "w-1",
  userId: "ann",
  step: "charge",
  chargeKey: "",
  reason: "",
  carrier: {},
  attempt,
});

function sweeping(due: Saga[], resume: (saga: Saga) => Promise<void>) {
  const note = vi.fn<Note<Vocabulary>>();
  const letGo = vi.fn(async () => {});
  const take = vi.fn(async (_owner: string, limit: number) => due.splice(0, limit));
  const restarted = vi.fn(async (_saga: Saga, work: () => Promise<void>) => work());
  const deps = { sagas: { take, letGo }, saga: { resume }, restarted, note, newId: counting("w-") };
  return { sweep: makeSweep(deps), note, letGo, take, restarted };
}

test("all due sagas are taken up in batches: each batch by its own owner, each saga in its own restart", async () => {
  const resume = vi.fn(async () => {});
  const due = Array.from({ length: 23 }, (_, n) => saga(`o-${n}`));
  const { sweep, take, restarted, note } = sweeping(due, resume);
  expect(await sweep(waiting)).toBe(23);
  expect(take.mock.calls).toEqual([
    ["w-1", 10],
    ["w-2", 10],
    ["w-3", 10],
  ]);
  expect(resume).toHaveBeenCalledTimes(23);
  expect(restarted).toHaveBeenCalledTimes(23);
  expect(note.mock.calls[0]).toEqual(["saga.resumed", { orderId: "o-0", step: "charge" }]);
});

test("a saga whose attempt fails rests, longer each time, and holds up no other", async () => {
  const resumed: string[] = [];
  const { sweep, letGo, note } = sweeping([saga("o-1", 2), saga("o-2", 5), saga("o-3")], async (taken) => {
    if (taken.orderId !== "o-3") throw new AppError("unavailable", "away");
    resumed.push(taken.orderId);
  });
  expect(await sweep(waiting)).toBe(3);
  expect(resumed).toEqual(["o-3"]);
  expect(letGo.mock.calls).toEqual([
    [expect.objectContaining({ orderId: "o-1" }), 1_000],
    [expect.objectContaining({ orderId: "o-2" }), 8_000],
  ]);
  expect(note).toHaveBeenCalledWith("order.unsettled", { orderId: "o-1", reason: "unavailable" });
});

test("a failure is thrown to the restart, so that its span fails", async () => {
  const away = new AppError("unavailable", "away");
  const { sweep, restarted } = sweeping([saga("o-1")], () => Promise.reject(away));
  await sweep(waiting);
  await expect(restarted.mock.results[0]?.value).rejects.toBe(away);
});

test("the rest doubles from a second up to a minute", () => {
  expect([2, 3, 4, 8, 9, 10_000].map(restMs)).toEqual([1_000, 2_000, 4_000, 60_000, 60_000, 60_000]);
});

test("a sweeper goes on after a pass that failed, until it is stopped", async () => {
  const failed = vi.fn();
  let passes = 0;
  const { promise: third, resolve } = Promise.withResolvers<void>();
  const sweeper = startSweeper(
    async () => {
      passes += 1;
      if (passes === 1) throw new Error("the database is away");
      if (passes === 3) resolve();
      return 0;
    },
    1,
    failed,
  );
  await third;
  await sweeper.stop();
  const atStop = passes;
  expect(failed).toHaveBeenCalledTimes(1);
  await new Promise(setImmediate);
  expect(passes).toBe(atStop);
});

test("stopping waits for the batch under way and takes no further one", async () => {
  const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
  const { promise: end, resolve: finish } = Promise.withResolvers<void>();
  const due = Array.from({ length: 20 }, (_, n) => saga(`o-${n}`));
  const { sweep, take } = sweeping(due, () => {
    begin();
    return end;
  });
  const sweeper = startSweeper(sweep, 1, () => {});
  await begun;
  const stopped = sweeper.stop();
  finish();
  await stopped;
  expect(take).toHaveBeenCalledTimes(1);
});
