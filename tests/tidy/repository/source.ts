/**
 * One file of TypeScript or JavaScript, as far as the rules need it: its imports, exports and comments.
 */
import path from "node:path";
import { parseSync } from "rolldown/utils";

export interface Import {
  /** A file of ours from the project's root, a package by its specifier, or a module of Node as `node:…`. */
  readonly target: string;
  readonly ours: boolean;
  readonly typeOnly: boolean;
  /** As the exporting file calls them: `default` for its default, `*` for the whole module. */
  readonly names: readonly string[];
  readonly line: number;
}

export interface Export {
  readonly name: string;
  readonly typeOnly: boolean;
  readonly line: number;
}

export interface Comment {
  /** Of its first line, from 1. */
  readonly line: number;
  readonly text: string;
}

export interface Source {
  /** From the project's root. */
  readonly file: string;
  readonly text: string;
  /** `text` with blanks in place of comments, so that offsets and lines are the same. */
  readonly code: string;
  readonly lines: number;
  readonly imports: readonly Import[];
  readonly exports: readonly Export[];
  readonly comments: readonly Comment[];
}

/** The imports that the parser does not list: dynamic ones, those in a type, and CommonJS. */
const CALL = /\b(?:import|require)\(\s*"([^"]+)"\s*\)/g;

/** The line, from 1, of an offset in a text. */
export function lineAt(text: string, offset: number): number {
  let line = 1;
  for (let at = 0; at < offset; at++) if (text.charCodeAt(at) === 10) line += 1;
  return line;
}

/** Reads one file. Throws when it cannot be parsed. */
export function sourceOf(file: string, text: string): Source {
  const { module, comments, errors } = parseSync(file, text);
  if (errors[0]) throw new Error(`${file} cannot be parsed: ${errors[0].message}`);
  let code = text;
  for (const { start, end } of comments)
    code = code.slice(0, start) + code.slice(start, end).replace(/[^\n]/g, " ") + code.slice(end);
  const line = (offset: number): number => lineAt(text, offset);
  const resolved = (specifier: string) => {
    const ours = specifier.startsWith(".");
    const target = ours ? path.posix.join(path.posix.dirname(file), specifier) : specifier;
    return {
      ours,
      target: ours && file.endsWith(".cjs") && !path.extname(target) ? `${target}.cjs` : target,
    };
  };
  const passed = module.staticExports.flatMap(({ start, entries }) =>
    entries.flatMap(({ moduleRequest, importName, isType }) =>
      moduleRequest
        ? [{ start, specifier: moduleRequest.value, names: [importName.name ?? "*"], typeOnly: isType }]
        : [],
    ),
  );
  const imported = module.staticImports.map(({ start, moduleRequest, entries }) => ({
    start,
    specifier: moduleRequest.value,
    names: entries.map(({ importName: { kind, name } }) =>
      kind === "Name" ? (name ?? "*") : kind === "Default" ? "default" : "*",
    ),
    typeOnly: entries.length > 0 && entries.every(({ isType }) => isType),
  }));
  const called = [...code.matchAll(CALL)].map((match) => ({
    start: match.index,
    specifier: match[1] ?? "",
    names: ["*"],
    typeOnly: false,
  }));
  return {
    file,
    text,
    code,
    lines: text.split("\n").length - 1,
    imports: [...imported, ...passed, ...called].map(({ start, specifier, ...rest }) => ({
      ...resolved(specifier),
      ...rest,
      line: line(start),
    })),
    exports: module.staticExports.flatMap(({ entries }) =>
      entries.map(({ start, exportName, isType }) => ({
        name: exportName.name ?? (exportName.kind === "Default" ? "default" : "*"),
        typeOnly: isType,
        line: line(start),
      })),
    ),
    comments: comments.map(({ start, end }) => ({ line: line(start), text: text.slice(start, end) })),
  };
}
