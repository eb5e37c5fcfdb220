/** Settings of tools about files and packages that no longer exist. */
import path from "node:path";
import { lineOf } from "../repository/exception.ts";
import { glob } from "../repository/glob.ts";
import type { Repository } from "../repository/repository.ts";
import type { Violation } from "../repository/violation.ts";

/** A pattern in a tool's settings. It must match a file. */
interface Pattern {
  /** As written in the file. */
  readonly written: string;
  /** From the root. */
  readonly pattern: string;
}

interface Biome {
  readonly files?: { readonly includes?: readonly string[] };
  readonly overrides?: readonly { readonly includes?: readonly string[] }[];
}
interface TypeScript {
  readonly include?: readonly string[];
  readonly exclude?: readonly string[];
}
interface Package {
  readonly overrides?: Readonly<Record<string, unknown>>;
  readonly allowScripts?: Readonly<Record<string, unknown>>;
}

/** Settings in JSON. Their shape is not checked here: their tool refuses another one. */
const json = <T>(repository: Repository, file: string): T => JSON.parse(repository.text(file)) as T;

/** The names in .gitignore: tools must leave these files out, too. */
const ignored = (repository: Repository): string[] =>
  repository.files.includes(".gitignore")
    ? repository
        .text(".gitignore")
        .split("\n")
        .map((line) => line.trim().replace(/\/$/, ""))
    : [];

function patternsOf(repository: Repository, file: string): Pattern[] {
  const folder = path.posix.dirname(file);
  if (file === "biome.json") {
    const { files, overrides = [] } = json<Biome>(repository, file);
    return [...(files?.includes ?? []), ...overrides.flatMap(({ includes = [] }) => includes)].map(
      (written) => ({
        written,
        pattern: written.replace(/^!/, ""),
      }),
    );
  }
  if (path.posix.basename(file) === "tsconfig.json") {
    const { include = [], exclude = [] } = json<TypeScript>(repository, file);
    return [...include, ...exclude].map((written) => ({
      written,
      pattern: path.posix.join(folder, written),
    }));
  }
  return repository
    .text(file)
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((written) => ({ written, pattern: written.replace(/^!/, "") }));
}

/** A pattern matches the file that it names or, as a folder, everything below it. */
const fits = (pattern: string, file: string): boolean =>
  glob(pattern).test(file) || glob(`${pattern}/**`).test(file);

/** Each pattern in the settings of biome, TypeScript and Docker that matches no file. */
export function idleSettings(repository: Repository): Violation[] {
  const left = ignored(repository);
  return repository.files
    .filter(
      (file) =>
        file === "biome.json" || file === ".dockerignore" || path.posix.basename(file) === "tsconfig.json",
    )
    .flatMap((file) =>
      patternsOf(repository, file)
        .filter(
          ({ pattern }) => !left.includes(pattern) && !repository.files.some((one) => fits(pattern, one)),
        )
        .map(({ written }) => ({
          file,
          line: lineOf(repository.text(file), written),
          what: `${written} matches no file`,
          remedy: "remove it",
        })),
    );
}

/** Each package in `overrides` or `allowScripts` of package.json that is not installed. */
export function idlePackages(repository: Repository): Violation[] {
  if (!repository.files.includes("package-lock.json")) return [];
  const { overrides = {}, allowScripts = {} } = json<Package>(repository, "package.json");
  const { packages } = json<{ packages: Record<string, unknown> }>(repository, "package-lock.json");
  const installed = Object.keys(packages);
  const text = repository.text("package.json");
  return [
    ...Object.keys(overrides).map((name) => ["overrides", name] as const),
    ...Object.keys(allowScripts).map((name) => ["allowScripts", name] as const),
  ]
    .filter(
      ([, name]) =>
        !installed.some(
          (place) => place === `node_modules/${name}` || place.endsWith(`/node_modules/${name}`),
        ),
    )
    .map(([list, name]) => ({
      file: "package.json",
      line: lineOf(text, `"${list}"`, `"${name}"`),
      what: `${list} names ${name}, which is not installed`,
      remedy: "remove it",
    }));
}
