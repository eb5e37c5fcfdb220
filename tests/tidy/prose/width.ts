/** Prose wraps: documents and comments, so that two of them fit beside each other on a screen. */
import { type Exceptions, outdated } from "../repository/exception.ts";
import { commentsOf, proseOf, type Remark } from "../repository/remarks.ts";
import type { Repository } from "../repository/repository.ts";
import type { Violation } from "../repository/violation.ts";

/** In characters, the indentation included. */
export const WIDTH = 120;

const widthOf = (text: string): number => [...text].length;
const isTable = ({ file, text }: Remark): boolean => file.endsWith(".md") && /^\s*\|/.test(text);
/** A word that fits on no line, such as an address, wherever it begins. */
const isUnbreakable = ({ whole, text }: Remark): boolean => {
  const before = /^\s*/.exec(text)?.[0] ?? "";
  const left = widthOf(whole) - widthOf(text.trimStart()) - before.length;
  return text.split(/\s+/).some((word) => left + widthOf(word) > WIDTH);
};

/** What a tool reads, and only on one line. */
const isDirective = ({ text }: Remark): boolean => /^\s*(?:biome-ignore|@ts-)/.test(text);

/** Documents that may be wider. */
const WIDER: Exceptions = {
  "README.md": "is being rewritten; it is wrapped with that",
  "ARCHITECTURE.md": "is being rewritten; it is wrapped with that",
};

/** Each line of prose that is too wide. A table's rows and a word that is too wide by itself cannot be wrapped. */
export function wideProse(repository: Repository, wider = WIDER): Violation[] {
  const wide = [...proseOf(repository), ...commentsOf(repository)].filter(
    (one) => widthOf(one.whole) > WIDTH && !isTable(one) && !isDirective(one) && !isUnbreakable(one),
  );
  return [
    ...wide
      .filter(({ file }) => !(file in wider))
      .map(({ file, line, whole }) => ({
        file,
        line,
        what: `prose is ${widthOf(whole)} characters wide`,
        remedy: `wrap it at ${WIDTH}: npm run format`,
      })),
    ...outdated(
      repository,
      "tests/tidy/prose/width.ts",
      wider,
      wide.map(({ file }) => file),
      "that file is narrow enough, or gone",
    ),
  ];
}
