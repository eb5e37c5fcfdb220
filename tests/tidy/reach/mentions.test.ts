import { expect, test } from "vitest";
import { mentions } from "./mentions.ts";

const files = [
  "bench/main.ts",
  "bench/kit/sender.ts",
  "load/k6.ts",
  "services/orders/main.ts",
  "services/orders/schema.sql",
  "services/payments/main.ts",
  "collector/scaled/a.yaml",
  "collector/scaled/b.yaml",
  "collector/scaled/c.ts",
];
const named = mentions(files);
/** A name inserted into a template. */
const inserted = "${" + "name}";

test.each<[what: string, from: string, text: string, found: string[]]>([
  ["beside it", "bench/kit/send.ts", 'fork("sender.ts")', ["bench/kit/sender.ts"]],
  ["from its folder", "bench/kit/send.ts", 'new URL("../main.ts", import.meta.url)', ["bench/main.ts"]],
  ["from the root", "playground/up.ts", '"--import", "./bench/main.ts"', ["bench/main.ts"]],
  ["as a joined path", "playground/load.ts", 'path.join(root, "load", "k6.ts")', ["load/k6.ts"]],
  ["in words", "playground/up.ts", '"node bench/main.ts --quick"', ["bench/main.ts"]],
  [
    "as a pattern",
    "playground/up.ts",
    `\`services/${inserted}/main.ts\``,
    ["services/orders/main.ts", "services/payments/main.ts"],
  ],
  [
    "by a folder that it reads",
    "collector/a.ts",
    '"scaled"',
    ["collector/scaled/a.yaml", "collector/scaled/b.yaml"],
  ],
  [
    "by a folder from the root",
    "load/a.ts",
    '"collector/scaled"',
    ["collector/scaled/a.yaml", "collector/scaled/b.yaml"],
  ],
  ["not by a folder of the same name elsewhere", "load/a.ts", '"scaled"', []],
  ["only by its name, from elsewhere", "playground/up.ts", '"main.ts"', []],
  ["outside of a string", "bench/kit/send.ts", "// sender.ts\nsender.ts", []],
  ["as a pattern that names no folder", "bench/up.ts", `\`${inserted}/${inserted}.ts\``, []],
])("a program names a file %s", (_what, from, text, found) => {
  expect(named(from, text)).toEqual(found);
});

test("a file that is no program names files in any word, and a folder stands for its files except programs", () => {
  expect(
    named("compose.yaml", 'command: node services/orders/main.ts\nvolumes: ["./collector/scaled:/etc:ro"]'),
  ).toEqual(["services/orders/main.ts", "collector/scaled/a.yaml", "collector/scaled/b.yaml"]);
  expect(named("compose.yaml", "# see services/orders/main.ts")).toEqual([]);
});
