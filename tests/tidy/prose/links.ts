/** Links in documents to files and headings that do not exist. */
import path from "node:path";
import { proseOf } from "../repository/remarks.ts";
import type { Repository } from "../repository/repository.ts";
import type { Violation } from "../repository/violation.ts";

const LINK = /\]\((?!\w+:)([^)\s#]*)(?:#([^)\s]*))?\)/g;
/** A heading in one of our documents, as `<file>.md#<heading>` in any text. */
const HEADING = /(?<![\w/.-])((?:[\w.-]+\/)*[\w.-]+\.md)#([\w-]+)/g;

/** GitHub's anchor for a heading: lower case, no punctuation, a hyphen for each blank. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
    .replace(/[^\p{L}\p{N}\s_-]/gu, "")
    .trim()
    .replace(/\s/g, "-");

/** The anchors of each document; the second of two equal headings has `-1`. */
function anchorsOf(repository: Repository): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  for (const { file, text } of proseOf(repository)) {
    const anchors = found.get(file) ?? new Set();
    found.set(file, anchors);
    const heading = /^#{1,6}\s+(.*)/.exec(text)?.[1];
    if (heading === undefined) continue;
    const anchor = anchorOf(heading);
    let own = anchor;
    for (let n = 1; anchors.has(own); n++) own = `${anchor}-${n}`;
    anchors.add(own);
  }
  return found;
}

/** Each link in a document to a file or heading that does not exist, and each such heading that other files name. */
export function lostLinks(repository: Repository): Violation[] {
  const anchors = anchorsOf(repository);
  const known = new Set(
    repository.files.flatMap((file) => file.split("/").map((_, i, all) => all.slice(0, i + 1).join("/"))),
  );
  const judge = (file: string, line: number, target: string, heading: string | undefined): Violation[] => {
    if (!known.has(target))
      return [
        {
          file,
          line,
          what: `a link leads to ${target}, which does not exist`,
          remedy: "correct the link",
        },
      ];
    if (!heading || !target.endsWith(".md") || anchors.get(target)?.has(heading)) return [];
    return [
      {
        file,
        line,
        what: `${target} has no heading #${heading}`,
        remedy: `link to one of: ${[...(anchors.get(target) ?? [])].join(", ")}`,
      },
    ];
  };
  const links = proseOf(repository).flatMap(({ file, line, text }) =>
    [...text.matchAll(LINK)].flatMap(([, to = "", heading]) => {
      const target =
        to === "" ? file : path.posix.join(path.posix.dirname(file), decodeURI(to)).replace(/\/$/, "");
      return judge(file, line, target, heading);
    }),
  );
  const named = repository.files
    .filter((file) => /\.(ts|cjs|ya?ml)$/.test(file) && !/\.test\.ts$/.test(file))
    .flatMap((file) =>
      repository
        .text(file)
        .split("\n")
        .flatMap((text, i) =>
          [...text.matchAll(HEADING)].flatMap(([, target = "", heading]) =>
            judge(file, i + 1, target, heading),
          ),
        ),
    );
  return [...links, ...named];
}
