import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { EXIT } from "../exit.ts";

const run = promisify(execFile);
const playground = path.resolve(import.meta.dirname, "..");

describe("boot.cjs on a system that Baton does not run on", () => {
  let dir = "";
  let boot = "";
  // A copy: boot.cjs installs packages where Baton can run, and must not touch those of the project.
  beforeEach(async () => {
    dir = await mkdtemp(path.join(os.tmpdir(), "baton-system-"));
    boot = path.join(dir, "playground", "boot.cjs");
    await mkdir(path.join(dir, "home"));
    await cp(path.join(playground, "boot.cjs"), boot);
    await cp(path.join(playground, "boot"), path.join(dir, "playground", "boot"), { recursive: true });
  });
  afterEach(() => rm(dir, { recursive: true, force: true }));

  /** Runs boot.cjs in a process of its own, with `process.platform` set to `platform`. */
  async function bootOn(platform: string, ...args: readonly string[]) {
    const code =
      `Object.defineProperty(process, "platform", { value: ${JSON.stringify(platform)} });` +
      `require(${JSON.stringify(boot)});`;
    const env = { PATH: process.env.PATH, HOME: path.join(dir, "home") };
    const ended = await run(process.execPath, ["-e", code, boot, ...args], { env, cwd: dir }).then(
      (output) => ({ ...output, code: 0 }),
      (error: { stdout: string; stderr: string; code: number }) => error,
    );
    return { status: ended.code, stdout: ended.stdout, lines: ended.stderr.split("\n") };
  }

  it.each(["start", "doctor", "test", "--help"])(
    "`%s` on Windows explains WSL2 in its first line, touches nothing and exits with 2",
    async (command) => {
      const { status, stdout, lines } = await bootOn("win32", command);
      expect(lines[0]).toMatch(/Windows.*WSL2.*`wsl --install`.*`npm start`/);
      expect([status, stdout]).toEqual([EXIT.usage, ""]);
      expect((await readdir(dir)).toSorted()).toEqual(["home", "playground"]);
      expect(await readdir(path.join(dir, "home"))).toEqual([]);
    },
  );

  it.each(["linux", "darwin"])(
    "on %s it goes on to install the packages, which fails in a folder without a lock file",
    async (platform) => {
      const { status, lines } = await bootOn(platform, "start");
      expect(lines[0]).toMatch(/^baton: installing the packages/);
      expect(status).toBe(EXIT.failed);
    },
  );
});
