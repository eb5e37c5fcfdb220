import { expect, test } from "vitest";
import { repositoryOf } from "../repository/repository.ts";
import { barrels } from "./barrels.ts";

const found = (text: string) => barrels(repositoryOf({ "a/index.ts": text })).map(({ file }) => file);

test.each([
  'export * from "./b.ts";',
  '/** All of it. */\nexport { b } from "./b.ts";\nexport type { C } from "./c.ts"\n',
  'export * as b from "./b.ts"; // b\n',
])("a file that only re-exports is found: %j", (text) => {
  expect(found(text)).toEqual(["a/index.ts"]);
});

test("a file that also defines something is not found", () => {
  expect(found('export { b } from "./b.ts";\nexport const c = 1;')).toEqual([]);
});
