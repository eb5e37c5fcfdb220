/**
 * Wraps prose that is too wide. The words that do not fit move to the start of the next line, or to a new line.
 */

import { repositoryOf } from "../repository/repository.ts";
import { WIDTH, wideProse } from "./width.ts";

/** The start of a line of prose before its words, and the same for a line that continues it. */
interface Margin {
  readonly first: string;
  readonly next: string;
}

/** The indentation and the mark of a comment's line. */
const COMMENT = /^\s*(?:\/\/|\*|#|--)\s+/;
const ONE_LINE = /^(\s*)\/\*\*\s+(.*?)\s*\*\/$/;
const ITEM = /^(?:[-*+]|\d+\.)\s+/;
/** What has another meaning at the start of a line, such as a list item or a heading. */
const NO_START = /^(?:[-*+#|>@]|\d+\.\s|```)/;

function marginOf(line: string, isDocument: boolean): Margin | undefined {
  const mark = isDocument ? (/^\s*/.exec(line)?.[0] ?? "") : COMMENT.exec(line)?.[0];
  if (mark === undefined) return undefined;
  const item = ITEM.exec(line.slice(mark.length))?.[0] ?? "";
  return { first: mark + item, next: mark + " ".repeat(item.length) };
}

/** The last blank at which a line can be split, or 0 if there is none. Code between backticks is not split. */
function partAt(line: string, from: number): number {
  let found = 0;
  let ticks = 0;
  let width = 0;
  for (let at = 0; at < line.length && width <= WIDTH; at++) {
    if (line[at] === "`") ticks += 1;
    const blank = line[at] === " " && at >= from && ticks % 2 === 0;
    if (blank && !NO_START.test(line.slice(at + 1))) found = at;
    if ((line.charCodeAt(at) & 0xfc00) !== 0xdc00) width += 1;
  }
  return found;
}

/** Whether `line` continues the paragraph whose lines have this margin. */
const goesOn = (line: string | undefined, { next }: Margin): line is string => {
  if (line === undefined || !line.startsWith(next)) return false;
  const rest = line.slice(next.length);
  return rest !== "" && !/^\s/.test(rest) && !NO_START.test(rest) && !rest.startsWith("*/");
};

/** `text` with its wide prose wrapped. Prose that cannot be wrapped, such as a comment behind code, stays. */
export function wrapped(file: string, text: string): string {
  const lines = text.split("\n");
  const isDocument = file.endsWith(".md");
  const stuck = new Set<string>();
  for (;;) {
    const now = lines.join("\n");
    const wide = wideProse(repositoryOf({ [file]: now }), {}).find(
      ({ line }) => !stuck.has(lines[line - 1] ?? ""),
    );
    if (!wide) return now;
    const at = wide.line - 1;
    const line = lines[at] ?? "";
    const [, indent = "", words] = ONE_LINE.exec(line) ?? [];
    if (words !== undefined) {
      lines.splice(at, 1, `${indent}/**`, `${indent} * ${words}`, `${indent} */`);
      continue;
    }
    const margin = marginOf(line, isDocument);
    const cut = margin ? partAt(line, margin.first.length) : 0;
    if (!margin || cut === 0) {
      stuck.add(line);
      continue;
    }
    const rest = line.slice(cut + 1);
    const following = lines[at + 1];
    lines[at] = line.slice(0, cut);
    if (goesOn(following, margin))
      lines[at + 1] = `${margin.next}${rest} ${following.slice(margin.next.length)}`;
    else lines.splice(at + 1, 0, margin.next + rest);
  }
}
