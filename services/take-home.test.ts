/** Copies each module to take home (docs/your-app.md) to an empty folder, and runs it there. */
import { execFile } from "node:child_process";
import { cp, mkdir, symlink } from "node:fs/promises";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { temporaryState } from "../playground/temporary.fixture.ts";
import { closureOf, TAKE_HOME } from "../tests/tidy/imports/take-home.ts";
import { readRepository } from "../tests/tidy/repository/repository.ts";

const root = path.dirname(import.meta.dirname);
const run = promisify(execFile);
const KIT = "services/_kit/";
test("each module runs in a folder that holds only the module, its imports, its library and the API", async () => {
  const { dir, remove } = await temporaryState();
  try {
    const { sources } = await readRepository(root);
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
        for (const { file } of closureOf(sources, KIT + module))
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
