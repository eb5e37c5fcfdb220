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

test("what a script, a container, a test or a program reaches is alive", () => {
  expect(dead({})).toEqual([]);
});

test.each(["playground/old.ts", "playground/old.sql", "playground/old.fixture.ts", "collector/old.yaml"])(
  "%s, which nothing names, is dead",
  (file) => {
    expect(dead({ [file]: "" })).toEqual([
      `${file}:1: nothing starts, imports or names this file: remove it, or name it where it is started`,
    ]);
  },
);

test("what only a dead file imports is dead, too", () => {
  expect(
    dead({ "playground/old.ts": 'import "./older.ts";', "playground/older.ts": 'import "./old.ts";' }),
  ).toHaveLength(2);
});

test("what only its test imports is dead, unless it is for tests", () => {
  const texts = {
    "playground/lone.ts": "",
    "playground/lone.test.ts": 'import "./lone.ts";',
  };
  expect(dead(texts)).toEqual([
    "playground/lone.ts:1: only tests reach this file: remove it with its test, or call it *.fixture.ts",
  ]);
  expect(dead(texts, { "playground/lone.ts": "a reason" })).toEqual([]);
});

test("an exception for a file that a program reaches no longer applies", () => {
  expect(dead({}, { "playground/start.ts": "a reason" })).toEqual([
    "tests/tidy/reach/dead-files.ts:1: the exception playground/start.ts no longer applies: a program reaches that file, or it is gone: remove its line",
  ]);
});
