/** A git repository in a temporary folder. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { run } from "../kit/program.ts";

export interface Repository {
  /** Absolute. */
  readonly root: string;
  /** Writes `files` (text by path) and commits all files. */
  commit(files: Readonly<Record<string, string>>, message: string): Promise<void>;
  remove(): Promise<void>;
}

export async function makeRepository(): Promise<Repository> {
  const root = await mkdtemp(path.join(os.tmpdir(), "baton-test-"));
  const git = (...args: string[]): Promise<string> =>
    run("git", ["-c", "user.name=test", "-c", "user.email=test@example.com", ...args], {
      cwd: root,
      signal: new AbortController().signal,
    });
  await git("init", "--quiet");
  return {
    root,
    async commit(files, message) {
      for (const [file, text] of Object.entries(files)) {
        await mkdir(path.join(root, path.dirname(file)), { recursive: true });
        await writeFile(path.join(root, file), text);
      }
      await git("add", "--all");
      await git("commit", "--quiet", "--no-gpg-sign", "--message", message);
    },
    remove: () => rm(root, { recursive: true, force: true }),
  };
}
