import { expect, test } from "vitest";
import { repositoryOf } from "../repository/repository.ts";
import { said } from "../repository/violation.ts";
import { fullFolders } from "./entries.ts";

const modules = (folder: string, count: number) =>
  Object.fromEntries(
    Array.from({ length: count }, (_, i) => [`${folder}/m${String(i).padStart(2, "0")}.ts`, ""]),
  );
const found = (texts: Record<string, string>, fuller = {}) =>
  fullFolders(repositoryOf(texts), fuller).map(said);

test("a room of the kit has at most 16 modules, another folder 20; tests are not counted", () => {
  const tests = {
    "services/_kit/a/m.test.ts": "",
    "services/_kit/a/m.fixture.ts": "",
    "services/_kit/a/a.sql": "",
  };
  expect(found({ ...modules("services/_kit/a", 16), ...modules("bench", 20), ...tests })).toEqual([]);
  expect(
    found({ ...modules("services/_kit/a", 17), ...modules("bench", 21), ...modules("bench/kit", 20) }),
  ).toEqual([
    "bench/kit/m00.ts:1: bench has 21 modules beside its tests: split it by idea into folders of at most 20",
    "services/_kit/a/m00.ts:1: services/_kit/a has 17 modules beside its tests: split it by idea into folders of at most 16",
  ]);
});

test("an exception lets a folder pass until it has few enough modules", () => {
  expect(found(modules("bench", 21), { bench: "a reason" })).toEqual([]);
  expect(found(modules("bench", 20), { bench: "a reason" })).toEqual([
    "tests/tidy/shape/entries.ts:1: the exception bench no longer applies: that folder has few enough, or does not exist: remove its line",
  ]);
});
