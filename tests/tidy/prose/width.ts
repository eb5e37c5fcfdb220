/** Documents and comments wrap, so that two files fit side by side on a screen. */
import { type Exceptions, outdated } from "../repository/exception.ts";
import { commentsOf, proseOf, type Remark } from "../repository/remarks.ts";
import type { Repository } from "../repository/repository.ts";
import type { Violation } from "../repository/violation.ts";

/** In characters, the indentation included. */
export const WIDTH = 120;

const widthOf = (text: string): number => [...text].length;
const isTable = ({ file, text }: Remark): boolean => file.endsWith(".md") && /^\s*\|/.test(text);
/** Whether the line has a word that is too wide for any line, such as an address. */
const isUnbreakable = ({ whole, text }: Remark): boolean => {
  const before = /^\s*/.exec(text)?.[0] ?? "";
  const left = widthOf(whole) - widthOf(text.trimStart()) - before.length;
  return text.split(/\s+/).some((word) => left + widthOf(word) > WIDTH);
};

/** Whether a tool reads the line, which must then stay one line. */
const isDirective = ({ text }: Remark): boolean => /^\s*(?:biome-ignore|@ts-)/.test(text);

/** Documents that may be wider: none. */
const WIDER: Exceptions = {};

/** Each line of prose that is too wide, except table rows and lines with a word that is too wide by itself. */
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
      "that file is narrow enough, or does not exist",
    ),
  ];
}
