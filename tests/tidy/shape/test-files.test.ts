import { expect, test } from "vitest";
import { repositoryOf } from "../repository/repository.ts";
import { said } from "../repository/violation.ts";
import { plainBounds, sleepingTests } from "./test-files.ts";

// Put together from parts, so that the rule does not find this file.
const skip = `test${".skip"}`;

test.each([skip, `describe${".only"}`, `it${".todo"}`])(
  "%s is a violation, unless its line has a reason",
  (call) => {
    const text = `\n${call}("a", () => {});\n${call}("b", () => {}); // reason: not on macOS\n`;
    expect(sleepingTests(repositoryOf({ "a.test.ts": text })).map(said)).toEqual([
      `a.test.ts:2: this test does not run as usual: ${call}("a", () => {});: run it, or add \`// reason: …\` to its line`,
    ]);
  },
);

test("a comment may mention it", () => {
  expect(sleepingTests(repositoryOf({ "a.test.ts": `// ${skip} sleeps.` }))).toEqual([]);
});

test.each([
  `test("a", () => {\n}, ${"5_000"});`,
  `await eventually(() => a, ${"5000"});`,
  `test("a", { ${"timeout"}: 5 }, work);`,
  `wait({ ${"withinMs"}: 5000 });`,
  `AbortSignal${".timeout"}(5);`,
])("a plain bound is a violation: %j", (text) => {
  expect(plainBounds(repositoryOf({ "a.test.ts": text }))).toMatchObject([{ file: "a.test.ts" }]);
  expect(plainBounds(repositoryOf({ "a.ts": text }))).toEqual([]);
});

test("a bound with the factor passes, and so does a title that mentions a timeout", () => {
  const text =
    'test("a timeout: 5 s", () => {});\nawait eventually(() => a, patient(5_000));\nAbortSignal.timeout(patient(5));';
  expect(plainBounds(repositoryOf({ "a.test.ts": text }))).toEqual([]);
});
