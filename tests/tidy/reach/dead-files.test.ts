import { expect, test } from "vitest";
import { repositoryOf } from "../repository/repository.ts";
import { said } from "../repository/violation.ts";
import { deadFiles } from "./dead-files.ts";

const tidy = {
  "package.json": '{ "scripts": { "start": "node playground/boot.cjs" } }',
  "compose.yaml": "command: services/a/main.ts\nvolumes: [./dashboards/provisioning:/etc]\n",
  "playground/boot.cjs": 'require("./cli.ts");',
  "playground/cli.ts": 'const hold = "./hold.ts"; await import("./start.ts");',
  "playground/hold.ts": "",
  "playground/start.ts": 'const sql = "schema.sql";',
  "playground/schema.sql": "",
  "playground/start.test.ts": 'import { run } from "./run.fixture.ts";',
  "playground/run.fixture.ts": "",
  "services/a/main.ts": "",
  "dashboards/provisioning/a.yaml": "",
};
const dead = (texts: Record<string, string>, forTests = {}) =>
  deadFiles(repositoryOf({ ...tidy, ...texts }), forTests).map(said);

test("a file that a script, a container, a test or a program reaches passes", () => {
  expect(dead({})).toEqual([]);
});

test.each(["playground/old.ts", "playground/old.sql", "playground/old.fixture.ts", "collector/old.yaml"])(
  "%s, which nothing names, is a violation",
  (file) => {
    expect(dead({ [file]: "" })).toEqual([
      `${file}:1: nothing starts, imports or names this file: remove it, or name it where it is needed`,
    ]);
  },
);

test("a file that only dead files import is dead, too", () => {
  expect(
    dead({ "playground/old.ts": 'import "./older.ts";', "playground/older.ts": 'import "./old.ts";' }),
  ).toHaveLength(2);
});

test("a file that only its test imports is a violation, unless it is listed", () => {
  const texts = {
    "playground/lone.ts": "",
    "playground/lone.test.ts": 'import "./lone.ts";',
  };
  expect(dead(texts)).toEqual([
    "playground/lone.ts:1: only tests reach this file: remove it with its test, or call it *.fixture.ts",
  ]);
  expect(dead(texts, { "playground/lone.ts": "a reason" })).toEqual([]);
});

test("an exception for a file that a program reaches is outdated", () => {
  expect(dead({}, { "playground/start.ts": "a reason" })).toEqual([
    "tests/tidy/reach/dead-files.ts:1: the exception playground/start.ts no longer applies: a program reaches that file, or it does not exist: remove its line",
  ]);
});
