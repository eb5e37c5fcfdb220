import { expect, test } from "vitest";
import { uuidv7 } from "./uuid.ts";

test("a UUID of version 7 begins with its time, so that ids sort as requests came", () => {
  expect(uuidv7(0x0123456789ab)).toMatch(/^01234567-89ab-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(uuidv7(1_000) < uuidv7(2_000)).toBe(true);
});
