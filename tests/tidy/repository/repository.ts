/** Every file of the repository, read once for all rules. */
import { execFile } from "node:child_process";
import { readdir, readFile, stat } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { type Source, sourceOf } from "./source.ts";

const run = promisify(execFile);

export interface Repository {
  /** Every file, from the project's root, sorted. */
  readonly files: readonly string[];
  /** The text of a file. Throws when there is none. */
  text(file: string): string;
  /** The files in TypeScript or JavaScript, except generated code. */
  readonly sources: readonly Source[];
}

/** Rendered by a tool: no one edits it. */
export const isGenerated = (file: string): boolean => file.includes("/gen/");
/** Tests and what only they use. */
export const isTest = (file: string): boolean =>
  /\.(test|fixture|case)\.ts$/.test(file) || file.startsWith("tests/");
export const isProduct = ({ file }: Source): boolean => !isTest(file);

/** A repository of made-up files: path to text. */
export function repositoryOf(texts: Readonly<Record<string, string>>): Repository {
  const files = Object.keys(texts).toSorted();
  return {
    files,
    text: (file) => {
      const text = texts[file];
      if (text === undefined) throw new Error(`the repository has no ${file}`);
      return text;
    },
    sources: files
      .filter((file) => /\.(ts|cjs)$/.test(file) && !isGenerated(file))
      .map((file) => sourceOf(file, texts[file] ?? "")),
  };
}

/** All files that git knows or would add. Without git, as in an unpacked archive, all that .gitignore does not name. */
async function list(root: string): Promise<readonly string[]> {
  const known = await run("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], {
    cwd: root,
    maxBuffer: 16 * 1024 * 1024,
  }).catch(() => undefined);
  if (known) return known.stdout.split("\0").filter((file) => file !== "");
  const ignored = (await readFile(path.join(root, ".gitignore"), "utf8")).split("\n");
  const top = await readdir(root, { withFileTypes: true });
  const folders = top.filter(
    (one) => one.isDirectory() && one.name !== ".git" && !ignored.includes(`${one.name}/`),
  );
  const inside = await Promise.all(
    folders.map(async ({ name }) =>
      (await readdir(path.join(root, name), { recursive: true, withFileTypes: true }))
        .filter((one) => one.isFile())
        .map((one) => path.relative(root, path.join(one.parentPath, one.name)).replaceAll("\\", "/")),
    ),
  );
  return [...top.filter((one) => one.isFile()).map(({ name }) => name), ...inside.flat()];
}

/** Reads all files of the project in `root`. A deleted file does not count, even before the commit. */
export async function readRepository(root: string): Promise<Repository> {
  const texts = await Promise.all(
    [...new Set(await list(root))].map(async (file) => {
      const place = path.join(root, file);
      const there = await stat(place).catch(() => undefined);
      return there?.isFile() ? [[file, await readFile(place, "utf8")] as const] : [];
    }),
  );
  return repositoryOf(Object.fromEntries(texts.flat()));
}
