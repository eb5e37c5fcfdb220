import { expect, test } from "vitest";
import { repositoryOf } from "../repository/repository.ts";
import { said } from "../repository/violation.ts";
import { wideProse } from "./width.ts";

const wide = "word ".repeat(30).trim();
const found = (texts: Record<string, string>, wider = {}) => wideProse(repositoryOf(texts), wider).map(said);

test.each([
  ["a document", "a.md", `# A\n\n${wide}\n`, 3],
  ["an item", "a.md", `- ${wide}\n`, 1],
  ["a comment in TypeScript", "a.ts", `/**\n * ${wide}\n */\n`, 2],
  ["a comment behind code", "a.ts", `let a;\nlet b; // ${wide}\n`, 2],
  ["a comment in YAML", "a.yaml", `a: 1\n# ${wide}\n`, 2],
  ["a Dockerfile", "Dockerfile", `FROM a\n# ${wide}\n`, 2],
])("%s that is too wide is a violation", (_what, file, text, line) => {
  expect(found({ [file]: text })).toEqual([
    expect.stringMatching(
      new RegExp(`^${file}:${line}: prose is 1\\d\\d characters wide: wrap it at 120: npm run format$`),
    ),
  ]);
});

test.each([
  ["120 characters of any script", "a.md", `${"ä".repeat(59)} ${"𝛼".repeat(60)}`],
  ["a row of a table", "a.md", `| ${wide} |`],
  ["code in a fence", "a.md", `\`\`\`\n${wide}\n\`\`\``],
  ["an address that fits on no line", "a.md", `See\n<https://example.org/${"a".repeat(120)}>.`],
  ["an address in a comment", "a.ts", `// See\n// https://example.org/${"a".repeat(110)}`],
  ["code", "a.ts", `const a = "${wide}";`],
  ["a value in YAML", "a.yaml", `command: ${wide}`],
  ["a directive for a tool", "a.ts", `// biome-ignore lint/suspicious/noDebugger: ${wide}`],
])("no violation: %s", (_what, file, text) => {
  expect(found({ [file]: text })).toEqual([]);
});

test("an exception lets a document pass until it is narrow enough", () => {
  expect(found({ "a.md": wide }, { "a.md": "a reason" })).toEqual([]);
  expect(found({ "a.md": "narrow" }, { "a.md": "a reason" })).toEqual([
    "tests/tidy/prose/width.ts:1: the exception a.md no longer applies: that file is narrow enough, or does not exist: remove its line",
  ]);
});
