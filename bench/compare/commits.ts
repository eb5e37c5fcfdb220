/** Reads commits from git. Nothing here changes the repository or its working tree. */
import { rm } from "node:fs/promises";
import path from "node:path";
import { Problem, systemCode } from "../../playground/problem.ts";
import { ProgramFailed, run } from "../kit/program.ts";

export interface Commit {
  /** All 40 digits. */
  readonly hash: string;
  /** The shortest hash that is unique in git. */
  readonly short: string;
  /** The first line of its message. */
  readonly subject: string;
}

interface Repository {
  /** The project's folder, absolute. */
  readonly root: string;
  readonly signal: AbortSignal;
}

/** Git's exit status for fatal errors, such as outside a repository. */
const FATAL = 128;

/** Runs git. Rejects with a Problem `environment` when there is no git, or no repository here. */
async function git(args: readonly string[], { root, signal }: Repository): Promise<string> {
  try {
    return await run("git", args, { cwd: root, signal });
  } catch (error) {
    if (systemCode(error) === "ENOENT")
      throw new Problem(
        "environment",
        "compare takes commits out of git, which is not on the PATH: install git",
      );
    if (error instanceof ProgramFailed && error.status === FATAL)
      throw new Problem(
        "environment",
        `compare takes commits out of git, which cannot read ${root} (${error.said}): compare in a clone of the repository`,
      );
    throw error;
  }
}

/** The commit of `name` (a hash, a branch, a tag, `HEAD~3`). Rejects with the Problem `usage` if there is none. */
export async function commitOf(name: string, repository: Repository): Promise<Commit> {
  const hash = await git(["rev-parse", "--verify", "--quiet", `${name}^{commit}`], repository).catch(
    (error) => {
      if (!(error instanceof ProgramFailed)) throw error;
      throw new Problem(
        "usage",
        `there is no commit "${name}" in this repository: take one of git log --oneline, or bring it with git fetch`,
      );
    },
  );
  const told = await git(["log", "-1", "--format=%h%n%s", hash.trim()], repository);
  const [short = "", subject = ""] = told.split("\n");
  return { hash: hash.trim(), short, subject };
}

/** How many files of the working tree differ from HEAD, including new ones that git does not ignore. */
export async function uncommitted(repository: Repository): Promise<number> {
  const text = await git(["status", "--porcelain", "--untracked-files=all", "--", "."], repository);
  return text.split("\n").filter(Boolean).length;
}

/** Writes the files of `commit`, and nothing else, into the empty folder `folder`. */
export async function unpack(commit: Commit, folder: string, repository: Repository): Promise<void> {
  const archive = path.join(folder, "..", `${path.basename(folder)}.tar`);
  await git(["archive", "--format=tar", `--output=${archive}`, commit.hash], repository);
  await run("tar", ["-xf", archive], { cwd: folder, signal: repository.signal });
  await rm(archive);
}
