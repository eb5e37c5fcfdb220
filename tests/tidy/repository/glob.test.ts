import { expect, test } from "vitest";
import { glob } from "./glob.ts";

test.each([
  ["services/*/main.ts", "services/orders/main.ts", true],
  ["services/*/main.ts", "services/a/b/main.ts", false],
  ["**/gen", "a/b/gen", true],
  ["**/gen", "gen", true],
  ["**/*.test.ts", "a/b.test.ts", true],
  ["**/*.test.ts", "a/btestxts", false],
  ["load/**", "load/a/b", true],
  ["load/**", "loads/a", false],
])("%s against %s: %s", (pattern, path, fits) => {
  expect(glob(pattern).test(path)).toBe(fits);
});
