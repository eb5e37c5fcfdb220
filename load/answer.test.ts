import fc from "fast-check";
import { expect, test } from "vitest";
import { findingText, judgeAnswer, orderStatusOf } from "./answer.ts";

const promised = { httpStatus: 402, answeredStatus: "REJECTED" } as const;

test("an answer as promised has no findings; every other one has", () => {
  expect(judgeAnswer({ httpStatus: 402, orderStatus: "REJECTED" }, promised)).toEqual([]);
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 599 }),
      fc.constantFrom("REJECTED", "CONFIRMED", ""),
      (httpStatus, orderStatus) => {
        const wrong = Number(httpStatus !== 402) + Number(orderStatus !== "REJECTED");
        expect(judgeAnswer({ httpStatus, orderStatus }, promised)).toHaveLength(wrong);
      },
    ),
  );
});

test("a finding says what was expected and what was found, also when there was no answer", () => {
  expect(judgeAnswer({ httpStatus: 0, orderStatus: "" }, promised).map(findingText)).toEqual([
    "status: expected 402, found no answer",
    "order in the answer: expected REJECTED, found none",
  ]);
});

test("the order's state is read from an answer and from a problem, and from nothing else", () => {
  expect(orderStatusOf({ status: "CONFIRMED", orderId: "o-1" })).toBe("CONFIRMED");
  expect(orderStatusOf({ status: 402, orderStatus: "REJECTED" })).toBe("REJECTED");
  for (const other of [null, undefined, "CONFIRMED", 402, [], {}, { status: 504 }])
    expect(orderStatusOf(other)).toBe("");
});
