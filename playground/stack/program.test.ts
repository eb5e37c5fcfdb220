import { existsSync, readFileSync } from "node:fs";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Reporter, silent } from "../terminal/report.ts";
import { findStackProgram, type StackProgramOptions, stackProgram } from "./program.ts";

const root = path.resolve(import.meta.dirname, "../..");

/** The programs and go are shell scripts. Looking for, making and keeping them is real, only the compiler is not. */
describe("a program of the stack", () => {
  let dir = "";
  let options: StackProgramOptions;
  beforeEach(async () => {
    dir = await mkdtemp(path.join(os.tmpdir(), "baton-stack-"));
    for (const folder of ["bin", "sources"]) await mkdir(path.join(dir, folder));
    options = {
      root,
      dir,
      env: { PATH: `${path.join(dir, "bin")}:/usr/bin:/bin`, HOME: dir },
      report: silent,
      signal: new AbortController().signal,
    };
  });
  afterEach(() => rm(dir, { recursive: true, force: true }));

  async function script(name: string, text: string): Promise<void> {
    const file = path.join(dir, "bin", name);
    await writeFile(file, `#!/bin/sh\n${text}\n`);
    await chmod(file, 0o755);
  }
  const log = (): string => path.join(dir, "go.log");

  /** A go that logs its arguments, and builds programs that print `version`. */
  const go = (version: string): Promise<void> =>
    script(
      "go",
      `echo "$@" >> ${log()}
case "$1" in
  version) ;;
  mod) echo '{"Dir": "${path.join(dir, "sources")}"}' ;;
  build) while [ "$1" != "-o" ]; do shift; done; printf '#!/bin/sh\\necho k6 v${version}\\n' > "$2"; chmod +x "$2" ;;
esac`,
    );

  it("is taken from the PATH when it is new enough", async () => {
    await script("k6", "echo 'k6 v2.0.1 (go1.25)'");
    expect(await stackProgram("k6", options)).toEqual({
      path: path.join(dir, "bin", "k6"),
      version: "2.0.1",
      from: "PATH",
    });
  });

  it("is not taken from the PATH when it is too old or cannot be run", async () => {
    await script("k6", "echo 'k6 v1.9.9 (go1.25)'");
    expect(await findStackProgram("k6", options)).toBeNull();
    await script("k6", "exit 1");
    expect(await findStackProgram("k6", options)).toBeNull();
  });

  it("is not taken when it is a Collector without our components", async () => {
    await script("otelcol", `[ "$1" = --version ] && echo otelcol version 9.0.0 || exit 1`);
    expect(await findStackProgram("otelcol", options)).toBeNull();
    await script("otelcol", `[ "$1" = --version ] && echo otelcol version 9.0.0 || exit 0`);
    expect(await findStackProgram("otelcol", options)).toMatchObject({ from: "PATH" });
  });

  it("is built once, also for two at the same time, and nothing else is left in the cache", async () => {
    await go("2.2.0");
    const both = await Promise.all([stackProgram("k6", options), stackProgram("k6", options)]);
    const folder = path.join(dir, ".cache", "baton", "stack");
    const name = `k6-v2.2.0-${process.platform}-${process.arch}`;
    for (const made of both) {
      expect(made).toEqual({ path: path.join(folder, name, "k6"), version: "2.2.0", from: "cache" });
    }
    expect((await readFile(log(), "utf8")).match(/^build/gm)).toHaveLength(1);
    expect(await readdir(folder)).toEqual([name]);
    expect(await readdir(path.join(folder, name))).toEqual(["k6"]);
    expect((await stackProgram("k6", options)).from).toBe("cache");
    expect((await readFile(log(), "utf8")).match(/^build/gm)).toHaveLength(1);
  });

  it("says what it builds, why and how long that takes before a build, and nothing without a build", async () => {
    await go("2.2.0");
    const told: string[] = [];
    const report: Reporter = {
      say: (line) => {
        told.push(existsSync(log()) && readFileSync(log(), "utf8").includes("build") ? "built" : line);
      },
      begin: (what) => {
        told.push(`begun: ${what}`);
        return () => told.push("ended");
      },
    };
    await stackProgram("k6", { ...options, report });
    expect(told).toEqual([
      "begun: k6, made once for your cache folder",
      expect.stringMatching(
        /^k6 is neither on the PATH nor in your cache folder\. Go now builds it there, once, because .*scenarios.* minutes on two cores/,
      ),
      "built",
      "ended",
    ]);
    await stackProgram("k6", { ...options, report });
    expect(told).toHaveLength(4);
  });

  it("fails with go's reason and how to get it when it does not build, and leaves nothing behind", async () => {
    await script("go", `[ "$1" = version ] || { echo "no such module" >&2; exit 1; }`);
    const failing = stackProgram("k6", options);
    await expect(failing).rejects.toMatchObject({ code: "server_missing" });
    await expect(failing).rejects.toThrow(/k6 2 or later.*no such module.*Get it: k6 2 from/s);
    expect(await readdir(path.join(dir, ".cache", "baton", "stack"))).toEqual([]);
  });

  it("fails when the build is too old, and is not built again", async () => {
    await go("1.0.0");
    await expect(stackProgram("k6", options)).rejects.toThrow(/does not run, or is too old/);
  });

  it("fails at once without a go", async () => {
    const env = { PATH: path.join(dir, "bin"), HOME: dir };
    await expect(stackProgram("jaeger", { ...options, env })).rejects.toThrow(/there is no go on the PATH/);
    await expect(stackProgram("grafana", { ...options, env })).rejects.toThrow(/neither be built here/);
  });
});
