import { expect, test, vi } from "vitest";
import type { Fault } from "../_kit/telemetry/faults.ts";
import { makeTakeStep } from "./saga-fault.ts";

const fault = (kind: string, arg: string): Fault => ({ point: "orders.saga", kind, arg, attempts: 1 });

test("a step returns and throws what its work does", async () => {
  const takeStep = makeTakeStep(
    () => undefined,
    () => {},
  );
  expect(await takeStep("charge", async () => "charged")).toBe("charged");
  const gone = new Error("gone");
  await expect(takeStep("charge", () => Promise.reject(gone))).rejects.toBe(gone);
});

for (const [arg, worked] of [
  ["charge", false],
  ["after-charge", true],
] as const) {
  test(`the fault kill(${arg}) ends the process ${worked ? "behind" : "right before"} the step, and nothing more is done`, async () => {
    const work = vi.fn(async () => {});
    const asked: string[] = [];
    const bites = (point: string) => {
      asked.push(point);
      return fault("kill", arg);
    };
    await new Promise<void>((killed) => {
      const takeStep = makeTakeStep(bites, killed);
      void takeStep("reserve", async () => {})
        .then(() => takeStep("charge", work))
        .then(() => takeStep("confirm", () => expect.unreachable()));
    });
    expect(work).toHaveBeenCalledTimes(worked ? 1 : 0);
    expect(new Set(asked)).toEqual(new Set(["orders.saga"]));
  });
}

test("another kind of fault ends nothing", async () => {
  const takeStep = makeTakeStep(
    () => fault("slow", "charge"),
    () => expect.unreachable(),
  );
  expect(await takeStep("charge", async () => 1)).toBe(1);
});
