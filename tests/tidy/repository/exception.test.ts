import { expect, test } from "vitest";
import { lineOf, outdated } from "./exception.ts";
import { repositoryOf } from "./repository.ts";
import { said } from "./violation.ts";

const list = `/** A rule. */
const LONG = {
  "a.ts": "for a reason",
  "b.ts": "for another",
};
`;

test("an exception that is no longer needed is reported at its line", () => {
  const found = outdated(
    repositoryOf({ "rule.ts": list }),
    "rule.ts",
    { "a.ts": "for a reason", "b.ts": "for another" },
    ["a.ts"],
    "that file is short enough",
  );
  expect(found.map(said)).toEqual([
    "rule.ts:4: the exception b.ts no longer applies: that file is short enough: remove its line",
  ]);
});

test("the line is that of the last word, with each word searched behind the one before", () => {
  expect(lineOf("a\nb\na\nc\na", "b", "a")).toBe(3);
  expect(lineOf("a\nb", "b", "z")).toBe(1);
});
