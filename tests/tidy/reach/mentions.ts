/** The files that a file names in its strings: those that it starts, reads or passes to a tool without an import. */
import path from "node:path";
import { glob } from "../repository/glob.ts";

const STRING = /"((?:[^"\\\n]|\\.)*)"|'((?:[^'\\\n]|\\.)*)'|`((?:[^`\\]|\\.)*)`/g;
/** Arguments of `path.join`. */
const JOINED = /"[\w@.-]+"(?:,\s*"[\w@.-]+")+/g;
/** A comment in YAML, a Dockerfile or a shell script. */
const REMARK = /(^|\s)#.*/g;
const INSERTED = /\$\{[^}]*\}/g;
const PROGRAM = /\.(ts|cjs)$/;
/** A pattern counts only if it names a folder in front of its first `*`. */
const PATTERN = /^(\.\.?\/)*[\w@.-]*[\w@-][\w@.-]*\/[^*]*\*/;

const words = (text: string): string[] => text.split(/[\s"'=:,;()[\]{}]+/);

/** Every word of the strings in `code`, a joined path as one word, with `*` for inserted values. */
function wordsOf(code: string): string[] {
  const strings = [...code.matchAll(STRING)].map((match) => match[1] ?? match[2] ?? match[3] ?? "");
  const joined = [...code.matchAll(JOINED)].map(([text]) =>
    text
      .split(/,\s*/)
      .map((part) => part.slice(1, -1))
      .join("/"),
  );
  return [...strings, ...joined].flatMap((text) => words(text.replace(INSERTED, "*")));
}

/**
 * Finds which of `files` the text of a file names, by a path from that file's folder or from the root. A program names
 * them in its strings, any other file in any word. The name of a folder names all files in it except programs: a
 * container mounts the folder, or a program reads it.
 */
export function mentions(files: readonly string[]): (from: string, text: string) => string[] {
  const known = new Set(files);
  const names = new Set(files.map((file) => path.posix.basename(file)));
  const folders = new Map<string, string[]>();
  for (const file of files.filter((one) => !PROGRAM.test(one)))
    for (let at = path.posix.dirname(file); at.includes("/"); at = path.posix.dirname(at))
      folders.set(at, [...(folders.get(at) ?? []), file]);
  return (from, text) => {
    const program = PROGRAM.test(from);
    const all = new Set(program ? wordsOf(text) : words(text.replace(REMARK, "")));
    const found = [...all].flatMap((word) => {
      const named = !word.includes("*") && names.has(word.slice(word.lastIndexOf("/") + 1));
      const places = [
        path.posix.join(path.posix.dirname(from), word),
        path.posix.normalize(word.replace(/\/$/, "")),
      ];
      if (named) return places.filter((place) => known.has(place));
      const inside = places.map((place) => folders.get(place));
      if (inside.some(Boolean)) return inside.flatMap((some) => some ?? []);
      if (!PATTERN.test(word)) return [];
      const fits = places.map(glob);
      return files.filter((file) => fits.some((fit) => fit.test(file)));
    });
    return [...new Set(found)];
  };
}
