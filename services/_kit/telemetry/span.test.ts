import { expect, test } from "vitest";
import { AppError } from "../process/errors.ts";
import { errorType } from "./span.ts";

test("an AppError is classified by its reason, else by its code; any other error by its class, never by its fields", () => {
  expect(errorType(new AppError("precondition_failed", "no money", { reason: "card_declined" }))).toBe(
    "card_declined",
  );
  expect(errorType(new AppError("unavailable", "not now"))).toBe("unavailable");
  expect(errorType(Object.assign(new TypeError("no"), { code: "E_42", reason: "why" }))).toBe("TypeError");
  expect(errorType("a text")).toBe("_OTHER");
});
