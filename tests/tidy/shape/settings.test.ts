import { expect, test } from "vitest";
import { repositoryOf } from "../repository/repository.ts";
import { said } from "../repository/violation.ts";
import { idlePackages, idleSettings } from "./settings.ts";

const files = {
  ".gitignore": "node_modules/\n",
  "services/a.ts": "",
  "services/gen/b.ts": "",
  "load/k6.ts": "",
};
const found = (texts: Record<string, string>) => idleSettings(repositoryOf({ ...files, ...texts })).map(said);

test("a pattern that matches a file, a folder or a name in .gitignore passes", () => {
  expect(
    found({
      "biome.json":
        '{ "files": { "includes": ["**", "!**/gen"] }, "overrides": [{ "includes": ["**/*.ts"] }] }',
      "tsconfig.json": '{ "include": ["services", "*.json"], "exclude": ["node_modules", "load/k6.ts"] }',
      "load/tsconfig.json": '{ "include": ["k6.ts"] }',
      ".dockerignore": "# All.\n*\n!services\n**/*.ts\n",
    }),
  ).toEqual([]);
});

test.each([
  ["biome.json", '{\n"files": { "includes": ["!old"] } }', 2, "!old"],
  ["biome.json", '{ "overrides": [\n{ "includes": ["**/*.case.ts"] }] }', 2, "**/*.case.ts"],
  ["tsconfig.json", '{\n\n"exclude": ["load/page"] }', 3, "load/page"],
  ["load/tsconfig.json", '{ "include": ["old.ts"] }', 1, "old.ts"],
  [".dockerignore", "*\n!old\n", 2, "!old"],
])("a pattern in %s that matches nothing is a violation", (file, text, line, pattern) => {
  expect(found({ [file]: text })).toEqual([`${file}:${line}: ${pattern} matches no file: remove it`]);
});

test("a setting about a package that is not installed is a violation", () => {
  const texts = {
    "package.json": '{\n"overrides": { "a": "1" },\n"allowScripts": {\n"b": true,\n"a": false } }',
    "package-lock.json": '{ "packages": { "": {}, "node_modules/c/node_modules/a": {} } }',
  };
  expect(idlePackages(repositoryOf(texts)).map(said)).toEqual([
    "package.json:4: allowScripts names b, which is not installed: remove it",
  ]);
});
