import { expect, test } from "vitest";
import { OrderStatus } from "../_contracts/gen/baton/orders/v1/orders_pb.js";
import { pick, STATUSES } from "./shape.ts";

test("the states are those of the contract", () => {
  const names = Object.values(OrderStatus).filter((name) => typeof name === "string");
  expect(names.filter((name) => name !== "UNSPECIFIED").toSorted()).toEqual([...STATUSES].toSorted());
});

test("the id is always picked", () => {
  const whole = { id: 1, a: 2, b: 3 };
  expect(pick(whole, "id", undefined)).toEqual(whole);
  expect(pick(whole, "id", ["b"])).toEqual({ id: 1, b: 3 });
  expect(pick(whole, "id", [])).toEqual({ id: 1 });
});
