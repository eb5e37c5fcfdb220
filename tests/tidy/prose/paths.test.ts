import { describe, expect, test } from "vitest";
import { repositoryOf } from "../repository/repository.ts";
import { said } from "../repository/violation.ts";
import { lostPaths } from "./paths.ts";

const files = {
  "services/orders/main.ts": "// One.\n// Two.\n",
  "services/_kit/events/outbox.ts": "",
  "services/_kit/events/outbox.sql": "",
  "load/scenarios/checkout.ts": "",
  "docs/a.md": "",
};
const found = (texts: Record<string, string>, elsewhere = {}) =>
  lostPaths(repositoryOf({ ...files, ...texts }), elsewhere).map(said);
const nowhere = (path: string) => `${path} does not exist: correct the path, from here or from the root`;

describe("a path that exists, or that is not meant as one, passes", () => {
  test.each([
    ["from the root", "services/orders/main.ts"],
    ["as the end of a path", "`events/outbox.ts` and `orders/`"],
    ["as a name", "outbox.sql"],
    ["a pattern", "load/scenarios/*.ts and services/<name>/main.ts"],
    ["with its line", "services/orders/main.ts:2"],
    ["a folder", "services/_kit/ and services/_kit."],
    ["installed", "node_modules/vitest/vitest.mjs, .baton/logs/lens.log"],
    [
      "not ours",
      "https://example.org/src/tidy.ts, @scope/name.ts, node:fs/promises, a/b, 15/16, HTTP/1.1, spans/s",
    ],
    ["an ending", "`*.test.ts`"],
    ["a link, which another rule checks", "[the way](docs/old.md)"],
  ])("%s: %s", (_what, text) => {
    expect(found({ "README.md": text, "playground/a.ts": `// ${text.replace(/\(.*\)/, "")}` })).toEqual([]);
  });
});

describe("a path that does not exist is a violation", () => {
  test.each([
    ["a file", "see services/orders/old.ts.", "services/orders/old.ts"],
    ["a file of a folder somewhere", "see `events/old.ts`", "events/old.ts"],
    ["a folder of ours", "see services/old", "services/old"],
    ["a folder by its slash", "see `events/old/`", "events/old/"],
    ["a name", "see old-door.test.ts", "old-door.test.ts"],
    ["a pattern", "see load/old/*.ts", "load/old/*.ts"],
    ["up from here", "see ../old/a.yaml", "../old/a.yaml"],
  ])("%s", (_what, text, path) => {
    expect(found({ "docs/b.md": `# B\n\n${text}\n` })).toEqual([`docs/b.md:3: ${nowhere(path)}`]);
    expect(found({ "docs/b.ts": `let b;\n/** ${text} */\n` })).toEqual([`docs/b.ts:2: ${nowhere(path)}`]);
    expect(found({ "docs/b.yaml": `b: 1\n# ${text}\n` })).toEqual([`docs/b.yaml:2: ${nowhere(path)}`]);
  });
});

test("a line number beyond the end of the file is a violation", () => {
  expect(found({ "README.md": "services/orders/main.ts:40" })).toEqual([
    "README.md:1: services/orders/main.ts has no line 40: correct the line number",
  ]);
});

test("a message of the product is checked, but not a string without blanks, nor a string of a test", () => {
  const say = `throw new Error(\`correct services/$\{name}/main.ts or services/old.ts\`);`;
  expect(
    found({
      "playground/a.ts": `\n${say}`,
      "playground/a.test.ts": say,
      "playground/b.ts": '"services/old.ts"',
    }),
  ).toEqual([`playground/a.ts:2: ${nowhere("services/old.ts")}`]);
});

test("the released part of a change log is not checked", () => {
  const log = "# Changelog\n\n## Unreleased\n\n- load/new.ts\n\n## 0.1.0 - 2026-11-22\n\n- load/old.ts\n";
  expect(found({ "CHANGELOG.md": log })).toEqual([`CHANGELOG.md:5: ${nowhere("load/new.ts")}`]);
});

test("an exception lets a path pass until it exists or no text names it", () => {
  const elsewhere = { "events/rabbitmq/": "not there yet" };
  expect(found({ "README.md": "into `events/rabbitmq/`" }, elsewhere)).toEqual([]);
  expect(found({}, elsewhere)).toEqual([
    "tests/tidy/prose/paths.ts:1: the exception events/rabbitmq/ no longer applies: no text names it, or it exists: remove its line",
  ]);
});
