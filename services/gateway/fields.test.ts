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
  "%j names what is not there, and is told what is",
  (query) => {
    expect(() => fieldsFrom(query, known)).toThrow(
      /^fields: there is no ".*"; there is orderId, status, items$/,
    );
  },
);

test("however long the name is, the answer is short", () => {
  expect(() => fieldsFrom("x".repeat(10_000), known)).toThrow(/^.{1,150}$/);
});
