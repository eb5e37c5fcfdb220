/** What people wrote for people: the comments of every file, and the lines of every document. */
import { isGenerated, type Repository } from "./repository.ts";

export interface Remark {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** The words, without the comment's mark on their left. */
  readonly text: string;
  /** The whole line of the file. */
  readonly whole: string;
}

const HASH = /\.(ya?ml|sh)$|^Dockerfile$|^\.ci\/run$|ignore$/;
/** By kind of file, the start of a comment that reaches to the end of its line. */
const MARKS: readonly (readonly [files: RegExp, mark: RegExp])[] = [
  [HASH, /(?:^|\s)#(?!!)/],
  [/\.sql$/, /(?:^|\s)--/],
  [/\.proto$/, /(?:^|\s)\/\//],
];

/** Every line of every comment. */
export function commentsOf(repository: Repository): Remark[] {
  const programs = repository.sources.flatMap(({ file, text, comments }) => {
    const lines = text.split("\n");
    return comments.flatMap((comment) =>
      comment.text.split("\n").map((part, i) => ({
        file,
        line: comment.line + i,
        text: part.replace(/^\s*(?:\/\/|\/\*+|\*(?!\/))?/, "").replace(/\*\/$/, ""),
        whole: lines[comment.line + i - 1] ?? "",
      })),
    );
  });
  const others = repository.files.flatMap((file) => {
    const mark = isGenerated(file) ? undefined : MARKS.find(([files]) => files.test(file))?.[1];
    if (!mark) return [];
    return repository
      .text(file)
      .split("\n")
      .flatMap((whole, i) => {
        const found = mark.exec(whole);
        if (!found) return [];
        return [{ file, line: i + 1, text: whole.slice(found.index + found[0].length), whole }];
      });
  });
  return [...programs, ...others];
}

/** Every line of every document, except code in a fence. */
export function proseOf(repository: Repository): Remark[] {
  return repository.files
    .filter((file) => file.endsWith(".md"))
    .flatMap((file) => {
      let fenced = false;
      return repository
        .text(file)
        .split("\n")
        .flatMap((text, i) => {
          const fence = /^\s*(```|~~~)/.test(text);
          if (fence) fenced = !fenced;
          return fence || fenced ? [] : [{ file, line: i + 1, text, whole: text }];
        });
    });
}
