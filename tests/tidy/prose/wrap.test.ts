import { expect, test } from "vitest";
import { wrapped } from "./wrap.ts";

const words = (count: number, word = "word") => Array.from({ length: count }, () => word).join(" ");

test("words that do not fit move to the start of the next line, which may then overflow, too", () => {
  const text = `# A\n\n${words(25)}\n${words(24)}\nend\n`;
  expect(wrapped("a.md", text)).toBe(`# A\n\n${words(24)}\nword ${words(23)}\nword end\n`);
});

test("words are not joined with another paragraph, item or table", () => {
  for (const next of ["", "- item", "| a |", "## B", "> said", "1. first"])
    expect(wrapped("a.md", `${words(25)}\n${next}\n`)).toBe(`${words(24)}\nword\n${next}\n`);
});

test("the lines of an item are indented", () => {
  expect(wrapped("a.md", `- ${words(24)}\n  and on\n- next\n`)).toBe(
    `- ${words(23)}\n  word and on\n- next\n`,
  );
  expect(wrapped("a.md", `10. ${words(24)}\n`)).toBe(`10. ${words(23)}\n    word\n`);
});

test("comments keep their margin", () => {
  expect(wrapped("a.ts", `/**\n * ${words(24)}\n * end\n */\n`)).toBe(
    `/**\n * ${words(23)}\n * word end\n */\n`,
  );
  expect(wrapped("a.ts", `  // ${words(24)}\n  // end\n`)).toBe(`  // ${words(23)}\n  // word end\n`);
  expect(wrapped("a.yaml", `  # ${words(24)}\n  a: 1\n`)).toBe(`  # ${words(23)}\n  # word\n  a: 1\n`);
  expect(wrapped("a.sql", `-- ${words(24)}\nSELECT 1;\n`)).toBe(`-- ${words(23)}\n-- word\nSELECT 1;\n`);
});

test("a comment of one line becomes one of several", () => {
  expect(wrapped("a.ts", `  /** ${words(24)} */\n`)).toBe(`  /**\n   * ${words(23)}\n   * word\n   */\n`);
});

test("code is not split, and no line starts with a mark such as a hyphen", () => {
  expect(wrapped("a.md", `${words(22)} \`npm run\` end\n`)).toBe(`${words(22)} \`npm run\`\nend\n`);
  expect(wrapped("a.md", `${words(23)} \`npm run\` end\n`)).toBe(`${words(23)}\n\`npm run\` end\n`);
  expect(wrapped("a.md", `${words(23)} word - end\n`)).toBe(`${words(23)}\nword - end\n`);
});

test("prose that cannot be wrapped stays", () => {
  const behind = `const a = 1; // ${words(24)}\n`;
  expect(wrapped("a.ts", behind)).toBe(behind);
  const narrow = "# A\n\nTwo\nlines\n";
  expect(wrapped("a.md", narrow)).toBe(narrow);
});
