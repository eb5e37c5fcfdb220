import { expect, test } from "vitest";
import { AppError } from "./errors.ts";

test("anything thrown becomes an AppError, and the text of a foreign error is not shown", () => {
  const own = new AppError("conflict", "busy");
  expect(AppError.from(own)).toBe(own);
  const foreign = AppError.from(new Error("password is 123"));
  expect(foreign).toMatchObject({ code: "internal", httpStatus: 500 });
  expect(foreign.message).not.toContain("123");
  expect(foreign.cause).toBeInstanceOf(Error);
  expect(AppError.from("text").code).toBe("internal");
});

test("an aborted wait is told apart from a timeout", () => {
  expect(AppError.from(new DOMException("x", "AbortError")).code).toBe("cancelled");
  expect(AppError.from(new DOMException("x", "TimeoutError")).code).toBe("deadline_exceeded");
});

test("a code survives the wire by its name, and without one by its RPC code", () => {
  expect(AppError.codeOf("too_large", 8)).toBe("too_large");
  expect(AppError.codeOf("no such", 5)).toBe("not_found");
  expect(AppError.codeOf("toString", 14)).toBe("unavailable");
  expect(AppError.codeOf(undefined, 999)).toBe("internal");
});
