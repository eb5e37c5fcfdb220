/** Paths in documents, comments and messages that do not exist, because a file moved and the prose did not follow. */
import { type Exceptions, outdated } from "../repository/exception.ts";
import { commentsOf, proseOf, type Remark } from "../repository/remarks.ts";
import { isProduct, type Repository } from "../repository/repository.ts";
import { lineAt } from "../repository/source.ts";
import type { Violation } from "../repository/violation.ts";
import { type Places, placesOf } from "./places.ts";

/** Paths that are not in this repository, or not yet. */
const ELSEWHERE: Exceptions = {
  "events/rabbitmq/": "an example: the folder of a broker that does not exist yet",
  "proto/api_v3/query_service.proto": "in the repository named beside it",
  "server/errors.json": "in nats-server's repository",
};

const ENDING = "(?:ts|cjs|js|sql|ya?ml|md|sh|proto|json)";
/** Folders and a name; `*` and `<name>` stand for any. No part of an address, a package's name or a longer path. */
const PATH =
  /(?<![\w:/.@*<>$~-])(?:\.{1,2}\/)*(?:[\w.@*-]+\/|<[\w -]+>\/)+(?:[\w.*-]*[\w*-]|<[\w -]+>[\w.-]*)?/g;
/** A file name without folders. YAML and JSON are left out: such names are often files of other systems. */
const NAME = /(?<![\w/.@*<>$-])\w[\w.-]*\.(?:ts|cjs|sql|md|proto)\b(?![/\w])/g;
const LINE = /^:(\d+)/;
/** A link in a document, which the rule in links.ts checks. */
const LINK = /\]\([^)]*\)/g;
const STRING = /"((?:[^"\\\n]|\\.)*)"|`((?:[^`\\\n]|\\.)*)`/g;

const isFile = (written: string): boolean => new RegExp(`\\.${ENDING}$`).test(written);

/** Whether it is meant as a path of this repository, not as a ratio, a unit or a name with a slash. */
function isMeant(written: string, places: Places, spoken = false): boolean {
  if (/^(node_modules\/|\.baton\/|@)/.test(written)) return false;
  const [first = "", ...rest] = written.replace(/^\.\//, "").split("/");
  if (spoken) return isFile(written) && places.isTop(first);
  if (isFile(written) || places.isTop(first) || first === "..") return true;
  return written.endsWith("/") && rest.length > 1;
}

interface Written extends Remark {
  /** A message of the product. In it, only a file below a folder of the root is surely one of this repository. */
  readonly spoken?: boolean;
}

/** Strings of the product that contain a blank, on one line each, with `*` for inserted values. */
function messagesOf(repository: Repository): Written[] {
  return repository.sources.filter(isProduct).flatMap(({ file, code }) =>
    [...code.matchAll(STRING)].flatMap((match) => {
      const text = (match[1] ?? match[2] ?? "").replace(/\$\{[^}]*\}/g, "*");
      return /\s/.test(text)
        ? [{ file, line: lineAt(code, match.index), text, whole: text, spoken: true }]
        : [];
    }),
  );
}

/** Whether a line is in the released part of a change log, which stays as it was. */
function isHistory(repository: Repository): (remark: Remark) => boolean {
  const released = new Map(
    repository.files
      .filter((file) => file.endsWith("CHANGELOG.md"))
      .map((file) => [
        file,
        repository
          .text(file)
          .split("\n")
          .findIndex((line) => /^## \[?\d/.test(line)) + 1,
      ]),
  );
  return ({ file, line }) => line >= (released.get(file) || Number.POSITIVE_INFINITY);
}

/** Each path or file name that does not exist, and each line number beyond the end of its file. */
export function lostPaths(repository: Repository, elsewhere = ELSEWHERE): Violation[] {
  const places = placesOf(repository);
  const history = isHistory(repository);
  const excepted = new Set<string>();
  const lengths = new Map<string, number>();
  const isBeyond = (written: string, line: number): boolean => {
    const file = repository.files.find((one) => one === written || one.endsWith(`/${written}`));
    if (!file) return false;
    const length = lengths.get(file) ?? repository.text(file).split("\n").length;
    lengths.set(file, length);
    return line > length;
  };
  const judge = ({ file, line, text, spoken }: Written): Violation[] => {
    const prose = file.endsWith(".md") ? text.replace(LINK, "]") : text;
    const paths = [...prose.matchAll(PATH)].filter(([written]) => isMeant(written, places, spoken));
    const names = spoken ? [] : [...prose.matchAll(NAME)];
    return [...paths, ...names].flatMap((match) => {
      const [written] = match;
      const leads = names.includes(match) ? places.isName(written) : places.leads(file, written);
      if (!leads && written in elsewhere) excepted.add(written);
      if (!leads && !(written in elsewhere))
        return [
          {
            file,
            line,
            what: `${written} does not exist`,
            remedy: "correct the path, from here or from the root",
          },
        ];
      const at = Number(LINE.exec(prose.slice(match.index + written.length))?.[1] ?? 0);
      if (!isBeyond(written, at)) return [];
      return [{ file, line, what: `${written} has no line ${at}`, remedy: "correct the line number" }];
    });
  };
  const remarks = [...proseOf(repository), ...commentsOf(repository), ...messagesOf(repository)];
  const found = remarks.filter((remark) => !history(remark)).flatMap(judge);
  return [
    ...found,
    ...outdated(
      repository,
      "tests/tidy/prose/paths.ts",
      elsewhere,
      excepted,
      "no text names it, or it exists",
    ),
  ];
}
