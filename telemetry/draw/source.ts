/**
 * A checkout of OpenTelemetry's conventions: a folder with `model/` in it, a git directory with a tag or commit, or the
 * tarball of a release. Its files are unpacked into a folder that goes when it is closed.
 */
import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

export interface Source {
  /** From the checkout's root: those below `folder` that end in `ending`, sorted. */
  files(folder: string, ending: string): Promise<string[]>;
  read(file: string): Promise<string>;
  /** Which version it is, as far as it can be told: the commit that was asked for, or the tarball's name. */
  readonly version: string;
  close(): Promise<void>;
}

/** Throws an Error when there is no model. `revision`: of a git directory, a tag or a commit; `HEAD` without. */
export async function openSource(place: string, revision = "HEAD"): Promise<Source> {
  const { folder, version, close } = await unpacked(path.resolve(place), revision);
  const root = (await isFolder(path.join(folder, "model"))) ? folder : await onlyFolder(folder);
  return {
    version,
    read: (file) => readFile(path.join(root, file), "utf8"),
    files: async (under, ending) => {
      const all = await readdir(path.join(root, under), { recursive: true });
      return all
        .filter((file) => file.endsWith(ending))
        .map((file) => path.posix.join(under, file.replaceAll("\\", "/")))
        .toSorted();
    },
    close,
  };
}

interface Unpacked {
  readonly folder: string;
  readonly version: string;
  close(): Promise<void>;
}

async function unpacked(place: string, revision: string): Promise<Unpacked> {
  if (await isFolder(path.join(place, "model"))) {
    return { folder: place, version: await versionOf(place), close: async () => {} };
  }
  const folder = await mkdtemp(path.join(os.tmpdir(), "baton-conventions-"));
  const close = () => rm(folder, { recursive: true });
  try {
    if (/\.t(ar\.)?gz$/.test(place)) {
      await run("tar", ["-xzf", place, "-C", folder]);
      return { folder, version: path.basename(place), close };
    }
    const tarball = path.join(folder, "conventions.tar");
    await run("git", ["-C", place, "archive", "-o", tarball, revision, "model", "docs"]);
    await run("tar", ["-xf", tarball, "-C", folder]);
    await rm(tarball);
    return { folder, version: await describe(place, revision), close };
  } catch (thrown) {
    await close();
    throw new Error(`${place} is neither a checkout, nor a git directory with ${revision}, nor a tarball`, {
      cause: thrown,
    });
  }
}

/** A release's tarball has one folder that holds all. */
async function onlyFolder(folder: string): Promise<string> {
  const [name = ""] = await readdir(folder);
  const inner = path.join(folder, name);
  if (await isFolder(path.join(inner, "model"))) return inner;
  throw new Error(`${folder} has no folder model/: it is no checkout of the conventions`);
}

const isFolder = async (place: string): Promise<boolean> =>
  stat(place).then(
    (found) => found.isDirectory(),
    () => false,
  );

/** A tag where there is one, else the commit. */
async function describe(place: string, revision: string): Promise<string> {
  const { stdout: commit } = await run("git", ["-C", place, "rev-parse", `${revision}^{commit}`]);
  const { stdout: tags } = await run("git", ["-C", place, "tag", "--points-at", commit.trim()]);
  const [tag] = tags.split("\n");
  return tag || `commit ${commit.trim()}`;
}

const versionOf = (place: string): Promise<string> =>
  describe(place, "HEAD").catch(() => path.basename(place));
