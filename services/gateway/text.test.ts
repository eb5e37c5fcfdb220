import { describe, expect, test } from "vitest";
import { cursorText, idText, limitText, lineText } from "./text.ts";

const fits = (schema: { safeParse(value: unknown): { success: boolean } }, value: unknown) =>
  schema.safeParse(value).success;

test("an id has letters, digits and . _ - only, and at least one of them", () => {
  for (const id of ["a", "A.b_c-9", "..", "x".repeat(64)]) expect(fits(idText(64), id), id).toBe(true);
  for (const id of ["", " ", "a b", "a/b", "a:b", "a\n", "é", "x".repeat(65), 7, null])
    expect(fits(idText(64), id), String(id)).toBe(false);
});

describe("a line", () => {
  test.each([
    ["a line break", "Ann\nBcc: all"],
    ["a separator of lines", "Ann\u2028Other"],
    ["half a letter", "Ann \ud83d"],
    ["a control character", "Ann\u0000"],
    ["nothing but space", "   "],
    ["nothing", ""],
    ["a letter too many", "a".repeat(201)],
    ["a number", 7],
  ])("has not %s", (_what, line) => {
    expect(fits(lineText(200), line)).toBe(false);
  });

  test("may be of any alphabet", () => {
    for (const line of ["Анна", "Anaïs", "李", "Ann 👩‍🚀", "a".repeat(200)])
      expect(fits(lineText(200), line), line).toBe(true);
  });
});

test("a limit is a whole number from 1 to 100, as a number", () => {
  const limit = limitText("all");
  expect(["1", "20", "99", "100"].map((text) => limit.parse(text))).toEqual([1, 20, 99, 100]);
  expect(limit.parse(undefined)).toBeUndefined();
  for (const text of ["", "0", "101", "01", "1e1", "1.0", "-1", " 1", "NaN"])
    expect(fits(limit, text), text).toBe(false);
});

test("a cursor is visible ASCII of a bounded length", () => {
  for (const cursor of ["a", "!~", "x".repeat(512)]) expect(fits(cursorText, cursor)).toBe(true);
  for (const cursor of ["", " ", "a b", "\u0000", "é", "x".repeat(513)])
    expect(fits(cursorText, cursor), cursor).toBe(false);
});
