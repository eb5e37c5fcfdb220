import { expect, test } from "vitest";
import { repositoryOf } from "../repository/repository.ts";
import { said } from "../repository/violation.ts";
import { lostLinks } from "./links.ts";

const texts = {
  "README.md": "# A & B: the `tour`\n\n## Start\n\n## Start\n",
  "docs/a.md": "# A\n\n```sh\n# no heading\n```\n",
  "services/a.ts": "",
};
const found = (more: Record<string, string>) => lostLinks(repositoryOf({ ...texts, ...more })).map(said);

test.each([
  "[a](../README.md)",
  "[a](../README.md#start)",
  "[a](../README.md#start-1)",
  "[a](../README.md#a--b-the-tour)",
  "[a](../services/a.ts#L3)",
  "[a](../services)",
  "[a](#b)",
  "[a](https://example.org/a.md#b)",
  "![a](a.md)",
])("the target of %s exists", (link) => {
  expect(found({ "docs/b.md": `# B\n\n${link}\n` })).toEqual([]);
});

test.each([
  ["[a](../docs/c.md)", "a link leads to docs/c.md, which does not exist: correct the link"],
  ["[a](README.md)", "a link leads to docs/README.md, which does not exist: correct the link"],
  ["[a](a.md#start)", "docs/a.md has no heading #start: link to one of: a"],
  ["[a](a.md#no-heading)", "docs/a.md has no heading #no-heading: link to one of: a"],
  ["[a](#start)", "docs/b.md has no heading #start: link to one of: b"],
])("the target of %s does not exist", (link, said) => {
  expect(found({ "docs/b.md": `# B\n\n${link}\n` })).toEqual([`docs/b.md:3: ${said}`]);
});

test("a heading that an alert rule or a message names must exist, too", () => {
  expect(found({ "a.yaml": "a: 1\nrunbook: README.md#start\nother: docs/a.md#gone\n" })).toEqual([
    "a.yaml:3: docs/a.md has no heading #gone: link to one of: a",
  ]);
});
