import { expect, test } from "vitest";
import { repositoryOf } from "../repository/repository.ts";
import { said } from "../repository/violation.ts";
import { longFiles } from "./length.ts";

const lines = (count: number) => "// A line.\n".repeat(count);

test("a file may have 250 lines, a test 400", () => {
  const texts = { "a.ts": lines(250), "b.ts": lines(251), "b.test.ts": lines(400), "tests/c.ts": lines(401) };
  expect(longFiles(repositoryOf(texts), {}).map(said)).toEqual([
    "b.ts:251: the file has 251 lines: split it by idea: 250 at most",
    "tests/c.ts:401: the file has 401 lines: split it by idea: 400 at most",
  ]);
});

test("an exception lets a file pass until it is short enough", () => {
  const longer = { "a.ts": "a table" };
  expect(longFiles(repositoryOf({ "a.ts": lines(251) }), longer)).toEqual([]);
  expect(longFiles(repositoryOf({ "a.ts": "" }), longer).map(said)).toEqual([
    "tests/tidy/shape/length.ts:1: the exception a.ts no longer applies: that file is short enough, or does not exist: remove its line",
  ]);
});
