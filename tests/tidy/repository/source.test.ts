import { expect, test } from "vitest";
import { lineAt, sourceOf } from "./source.ts";

const text = `/** Größe: “no ASCII” before what is measured. */
import type { A } from "./a.ts";
import b, {
  type C,
  c as d,
} from "../b.ts";
import * as z from "zod";
import "./side.ts";
export { e, type F } from "./e.ts";
export * from "./all.ts";
// A remark.
export const g = 1, h = "// no comment";
export interface I { of: import("./typed.ts").T }
export default async () => (await import("./late.ts")).late;
`;
const source = sourceOf("x/y/z.ts", text);

test("imports of every form have their file from the root, their names and their line", () => {
  expect(source.imports.map(({ target, names, line }) => [target, names.join(), line])).toEqual([
    ["x/y/a.ts", "A", 2],
    ["x/b.ts", "default,C,c", 3],
    ["zod", "*", 7],
    ["x/y/side.ts", "", 8],
    ["x/y/e.ts", "e", 9],
    ["x/y/e.ts", "F", 9],
    ["x/y/all.ts", "*", 10],
    ["x/y/typed.ts", "*", 13],
    ["x/y/late.ts", "*", 14],
  ]);
  expect(
    source.imports.filter(({ typeOnly }) => typeOnly).map(({ target, names }) => [target, ...names]),
  ).toEqual([
    ["x/y/a.ts", "A"],
    ["x/y/e.ts", "F"],
  ]);
  expect(source.imports.filter(({ ours }) => !ours).map(({ target }) => target)).toEqual(["zod"]);
});

test("exports have their name, their line and whether they are only a type", () => {
  expect(source.exports.map(({ name, line, typeOnly }) => [name, line, typeOnly])).toEqual([
    ["e", 9, false],
    ["F", 9, true],
    ["*", 10, false],
    ["g", 12, false],
    ["h", 12, false],
    ["I", 13, true],
    ["default", 14, false],
  ]);
});

test("comments are found, and replaced by blanks in the code, so that the rest keeps its place", () => {
  expect(source.comments).toEqual([
    { line: 1, text: "/** Größe: “no ASCII” before what is measured. */" },
    { line: 11, text: "// A remark." },
  ]);
  expect(source.code).toHaveLength(text.length);
  expect(source.code).not.toContain("remark");
  expect(source.code).toContain('"// no comment"');
  expect(lineAt(source.code, source.code.indexOf("export const g"))).toBe(12);
});

test("an import in CommonJS gets the ending that it leaves out", () => {
  expect(sourceOf("a/b.cjs", 'const { c } = require("./c");').imports).toMatchObject([{ target: "a/c.cjs" }]);
});

test("the error for a file that cannot be parsed names the file", () => {
  expect(() => sourceOf("a.ts", "const = ;")).toThrow("a.ts cannot be parsed");
});
