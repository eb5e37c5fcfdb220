import { expect, test } from "vitest";
import { preferredType } from "./accept.ts";

const TYPES = ["application/json", "application/x-ndjson", "text/html"];

test.each([
  ["no header takes all", undefined, "application/json"],
  ["an empty one takes none", "", undefined],
  ["a wildcard takes all", "*/*", "application/json"],
  ["a wildcard of one kind takes that kind", "text/*", "text/html"],
  ["the order of the header does not count", "text/html, application/json", "application/json"],
  ["quality counts", "application/json;q=0.5, text/html", "text/html"],
  ["a wildcard does not take an excluded type", "*/*, application/json;q=0", "application/x-ndjson"],
  ["a wildcard does not take an excluded kind", "*/*;q=0.1, application/*;q=0", "text/html"],
  ["the more specific range decides", "*/*, application/*;q=0.2, application/json;q=0.1", "text/html"],
  ["capitals do not count", "TEXT/HTML;Q=0.5", "text/html"],
  ["spaces do not count", " text/html ; q = 0.5 ,application/json;q=0.4", "text/html"],
  ["a parameter does not count", 'text/html;charset="utf-8";level=1', "text/html"],
  ["a comma within quotes does not end a range", 'text/html;title="a, application/json, b"', "text/html"],
  ["a type that is not offered is not taken", "image/png, json, ;, =", undefined],
] as const)("%s", (_what, accept, type) => {
  expect(preferredType(accept, TYPES)).toBe(type);
});
