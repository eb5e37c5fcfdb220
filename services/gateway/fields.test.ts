import { expect, test } from "vitest";
import { fieldsFrom } from "./fields.ts";

const known = ["orderId", "status", "items"];

test("without a query all fields are wanted", () => {
  expect(fieldsFrom(undefined, known)).toBeUndefined();
});

test.each([
  ["status", ["status"]],
  ["status,items", ["status", "items"]],
  [" status , items ", ["status", "items"]],
  ["status,status", ["status", "status"]],
])("%j names %j", (query, fields) => {
  expect(fieldsFrom(query, known)).toEqual(fields);
});

test.each(["", "price", "status,", "Status", "constructor", "__proto__", "status;items"])(
  "%j is refused, and the answer says which fields there are",
  (query) => {
    expect(() => fieldsFrom(query, known)).toThrow(
      /^fields: there is no ".*"; there is orderId, status, items$/,
    );
  },
);

test("the answer is short for a name of any length", () => {
  expect(() => fieldsFrom("x".repeat(10_000), known)).toThrow(/^.{1,150}$/);
});
