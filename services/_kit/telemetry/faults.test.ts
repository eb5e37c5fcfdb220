import { context, propagation, ROOT_CONTEXT } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import fc from "fast-check";
import { expect, test } from "vitest";
import { faultAt, parseFaults, withAttempt } from "./faults.ts";

context.setGlobalContextManager(new AsyncLocalStorageContextManager());

const inRequest = <T>(fault: string, attempt: number | undefined, work: () => T): T => {
  const baggage = propagation.createBaggage({ fault: { value: fault } });
  const ctx = propagation.setBaggage(ROOT_CONTEXT, baggage);
  return context.with(attempt === undefined ? ctx : withAttempt(ctx, attempt), work);
};

test("the grammar: point, kind, argument, attempts, several of them", () => {
  expect(parseFaults("payments.charge:declined")).toEqual([
    { point: "payments.charge", kind: "declined", arg: undefined, attempts: 1 },
  ]);
  expect(parseFaults("a.b:slow(250ms)*3|c.d:fail")).toEqual([
    { point: "a.b", kind: "slow", arg: "250ms", attempts: 3 },
    { point: "c.d", kind: "fail", arg: undefined, attempts: 1 },
  ]);
  expect(parseFaults("")).toEqual([]);
});

test("text that is not a fault is refused, and the wrong part is named", () => {
  for (const wrong of ["declined", "a:b", "a.b", "a.b:c*0", "a.b:c(", "a.b:c|", "A.b:c"]) {
    expect(() => parseFaults(wrong)).toThrow(/is not a fault/);
  }
  expect(() => parseFaults(`a.b:${"c".repeat(300)}`)).toThrow(/256/);
});

test("a fault bites at its point only, and only in a request that carries it", () => {
  expect(inRequest("a.b:fail", undefined, () => faultAt("a.b")?.kind)).toBe("fail");
  expect(inRequest("a.b:fail", undefined, () => faultAt("a.c"))).toBeUndefined();
  expect(faultAt("a.b")).toBeUndefined();
});

test("a fault bites the first attempts only, so that a retry succeeds", () => {
  const bites = [1, 2, 3, 4].map((attempt) =>
    inRequest("a.b:fail*2", attempt, () => faultAt("a.b") !== undefined),
  );
  expect(bites).toEqual([true, true, false, false]);
});

test("no baggage value makes a fault point throw", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      inRequest(text, 1, () => faultAt("a.b"));
    }),
  );
});
