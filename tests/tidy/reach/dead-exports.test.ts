import { expect, test } from "vitest";
import { repositoryOf } from "../repository/repository.ts";
import { said } from "../repository/violation.ts";
import { deadExports } from "./dead-exports.ts";

const dead = (texts: Record<string, string>, forOthers = {}) =>
  deadExports(repositoryOf(texts), forOthers).map(said);

test("a value that no other file imports is a violation; a type is not", () => {
  expect(
    dead({
      "a.ts": "export interface Options {}\nexport const used = 1;\nexport function idle() {}\n",
      "b.ts": 'import { used } from "./a.ts";',
    }),
  ).toEqual([
    "a.ts:3: no other file imports idle: drop `export`, or remove it if this file does not use it either",
  ]);
});

test.each([
  ["by another name", 'import { one as two } from "./a.ts";'],
  ["with all of its module", 'import * as a from "./a.ts";'],
  ["by a dynamic import", 'const a = await import("./a.ts");'],
  ["by a re-export", 'export { one } from "./a.ts"; '],
])("a value is used %s", (_how, text) => {
  const forOthers = { "b.ts one": "re-exported for others" };
  expect(
    dead({ "a.ts": "export const one = 1;", "b.ts": text }, forOthers).filter((line) =>
      line.startsWith("a.ts"),
    ),
  ).toEqual([]);
});

test("an exception lets a value pass until a file imports it", () => {
  const texts = { "a.ts": "export const one = 1;" };
  expect(dead(texts, { "a.ts one": "k6 calls it" })).toEqual([]);
  expect(dead({ ...texts, "b.ts": 'import { one } from "./a.ts";' }, { "a.ts one": "k6 calls it" })).toEqual([
    "tests/tidy/reach/dead-exports.ts:1: the exception a.ts one no longer applies: a file imports it, or it does not exist: remove its line",
  ]);
});
