import { expect, test } from "vitest";
import { commentsOf, proseOf } from "./remarks.ts";
import { repositoryOf } from "./repository.ts";

const of = (file: string, text: string) =>
  commentsOf(repositoryOf({ [file]: text })).map((one) => [one.line, one.text.trim()]);

test("comments of TypeScript, line by line without their marks", () => {
  expect(of("a.ts", 'const a = "// no"; // behind\n/**\n * One.\n * Two.\n */\nexport { a };\n')).toEqual([
    [1, "behind"],
    [2, ""],
    [3, "One."],
    [4, "Two."],
    [5, ""],
  ]);
});

test("comments of YAML, SQL, protobuf and shell", () => {
  expect(of("a.yaml", "# One.\nkey: a#b # two\n")).toEqual([
    [1, "One."],
    [2, "two"],
  ]);
  expect(of("a.sql", "-- One.\nSELECT 1;\n")).toEqual([[1, "One."]]);
  expect(of("a.proto", "// One.\nmessage A {}\n")).toEqual([[1, "One."]]);
  expect(of("a.sh", "#!/bin/sh\n# One.\n")).toEqual([[2, "One."]]);
});

test("the prose of a document has no code in a fence", () => {
  const text = "# A\n\n```sh\nnpm start\n```\nB\n";
  expect(proseOf(repositoryOf({ "a.md": text })).map((one) => [one.line, one.text])).toEqual([
    [1, "# A"],
    [2, ""],
    [6, "B"],
    [7, ""],
  ]);
});
