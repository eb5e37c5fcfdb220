/**
 * The names of a release, as its npm package has them. A checkout of the model may lie a little before the release that
 * is named: then the package's word stands on what is called how, what is stable, and which values an attribute may
 * have.
 */
import { readFile } from "node:fs/promises";
import path from "node:path";
import * as stable from "@opentelemetry/semantic-conventions";
import * as incubating from "@opentelemetry/semantic-conventions/incubating";

const PACKAGE = "@opentelemetry/semantic-conventions";
const VALUE = "_VALUE_";

export interface Names {
  /** Of the package, and so of the release. */
  readonly version: string;
  readonly package: string;
  has(name: string): boolean;
  isStable(name: string): boolean;
  /** What `name` is called now; undefined when it is not called otherwise. */
  renamed(name: string): string | undefined;
  /** The values that an attribute may have, by the package; none for an attribute that may have any. */
  values(name: string): readonly NamedValue[];
}

export interface NamedValue {
  readonly value: string | number | boolean;
  readonly isStable: boolean;
}

/** The constant's name without its kind: `http.route` is `HTTP_ROUTE`. */
const constantOf = (name: string): string => name.toUpperCase().replaceAll(".", "_");

/** Reads the package that is installed in the folder `root`. */
export async function namesOf(root: string): Promise<Names> {
  const folder = path.join(root, "node_modules", PACKAGE);
  const { version } = JSON.parse(await readFile(path.join(folder, "package.json"), "utf8")) as {
    version: string;
  };
  const declared = await readFile(path.join(folder, "dist/experimental_attributes.d.mts"), "utf8");
  const all = constants(incubating);
  const sure = constants(stable);
  const [certain, known] = [new Set(sure.values()), new Set(all.values())];
  return {
    version,
    package: PACKAGE,
    has: (name) => known.has(name),
    isStable: (name) => certain.has(name),
    renamed: (name) => renames(declared).get(name),
    values: (name) => {
      const start = `${constantOf(name)}${VALUE}`;
      return [...all]
        .filter(([constant]) => constant.startsWith(start))
        .map(([constant, value]) => ({ value, isStable: sure.has(constant) }));
    },
  };
}

function constants(module: object): Map<string, string | number | boolean> {
  const found = new Map<string, string | number | boolean>();
  for (const [name, value] of Object.entries(module)) {
    if (["string", "number", "boolean"].includes(typeof value)) found.set(name, value as string);
  }
  return found;
}

/** `@deprecated Replaced by X`, in the comment of the constant. */
const DEPRECATED =
  /@deprecated Replaced by `([a-z0-9_.]+)`\.\n(?: \*.*\n)*? \*\/\ndeclare const ATTR_[A-Z0-9_]+: "([^"]+)"/g;

const renames = (declared: string): ReadonlyMap<string, string> =>
  new Map([...declared.matchAll(DEPRECATED)].map(([, to = "", from = ""]) => [from, to]));
