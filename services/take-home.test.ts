/** What is to be taken home (docs/your-app.md): by its imports, and by taking each module to an empty folder. */
import { execFile } from "node:child_process";
import { cp, mkdir, readdir, readFile, symlink } from "node:fs/promises";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { parseSync } from "rolldown/utils";
import { beforeAll, expect, test } from "vitest";
import { temporaryState } from "../playground/temporary.fixture.ts";
import { closureOf, type Importing, TAKE_HOME, takenHome } from "../tests/tidy/imports/take-home.ts";

const root = path.dirname(import.meta.dirname);
const run = promisify(execFile);
const KIT = "services/_kit/";
/** What the parser does not list: an import when it is needed, or one in a type. */
const CALL = /\bimport\(\s*"([^"]+)"\s*\)/g;

function importsOf(file: string, text: string): Importing["imports"] {
  const { module } = parseSync(file, text);
  const found = [
    ...module.staticImports.map(({ start, moduleRequest, entries }) => ({
      start,
      from: moduleRequest.value,
      names: entries.map(({ importName }) => importName.name ?? "*"),
    })),
    ...module.staticExports.flatMap(({ start, entries }) =>
      entries.flatMap(({ moduleRequest, importName }) =>
        moduleRequest ? [{ start, from: moduleRequest.value, names: [importName.name ?? "*"] }] : [],
      ),
    ),
    ...[...text.matchAll(CALL)].map(({ index, 1: from = "" }) => ({ start: index, from, names: ["*"] })),
  ];
  return found.map(({ start, from, names }) => ({
    target: from.startsWith(".") ? path.posix.join(path.posix.dirname(file), from) : from,
    names,
    line: text.slice(0, start).split("\n").length,
  }));
}

let sources: readonly Importing[];

beforeAll(async () => {
  const entries = await readdir(path.join(root, KIT), { recursive: true });
  const files = entries.map((file) => path.posix.join(KIT, file)).filter((file) => file.endsWith(".ts"));
  sources = await Promise.all(
    files.map(async (file) => ({
      file,
      imports: importsOf(file, await readFile(path.join(root, file), "utf8")),
    })),
  );
  expect(sources.length).toBeGreaterThan(100);
});

test("a module that is to be taken home comes alone, and no other makes a span or moves a context", () => {
  const found = takenHome({ sources }).map(
    ({ file, line, what, remedy }) => `${file}:${line}: ${what}: ${remedy}`,
  );
  expect(found).toEqual([]);
});

test("each of these modules runs in a folder that has nothing but it, what it imports, its library and the API", async () => {
  const { dir, remove } = await temporaryState();
  try {
    const files = new Map(sources.map((source) => [source.file, source]));
    const urls = await Promise.all(
      Object.entries(TAKE_HOME).map(async ([module, { library }], i) => {
        const home = path.join(dir, String(i));
        const packages = new Set(
          ["@opentelemetry/api", "@opentelemetry/core", ...library].map(
            (name) => /^(@[^/]+\/)?[^/]+/.exec(name)?.[0] ?? "",
          ),
        );
        for (const name of packages) {
          const place = path.join(home, "node_modules", name);
          await mkdir(path.dirname(place), { recursive: true });
          await symlink(path.join(root, "node_modules", name), place);
        }
        for (const { file } of closureOf(files, KIT + module))
          await cp(path.join(root, file), path.join(home, file), { recursive: true });
        return pathToFileURL(path.join(home, KIT, module)).href;
      }),
    );
    const program = `for (const url of ${JSON.stringify(urls)})
      console.log(Object.keys(await import(url)).length > 0, url);`;
    const { stdout } = await run(process.execPath, ["--input-type=module", "-e", program]);
    expect(stdout.trim().split("\n")).toEqual(urls.map((url) => `true ${url}`));
  } finally {
    await remove();
  }
});
