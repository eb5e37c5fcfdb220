import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

interface Packages {
  isBetter(running: string, pinned: string): boolean;
  isInstalled(root: string): boolean;
  markInstalled(root: string): void;
  missing(root: string): string | null;
}
const { isBetter, isInstalled, markInstalled, missing } = createRequire(import.meta.url)(
  "./packages.cjs",
) as Packages;

const here = { optional: true, os: [process.platform], cpu: [process.arch] };
const locked = {
  "": {},
  "node_modules/a": { version: "1.0.0" },
  "node_modules/native": { version: "1.0.0", ...here },
  "node_modules/elsewhere": { version: "1.0.0", optional: true, os: ["sunos"], cpu: ["sparc"] },
};

describe("the packages", () => {
  let root = "";
  const write = (file: string, json: unknown): Promise<void> =>
    writeFile(path.join(root, file), JSON.stringify(json));

  /** Writes what npm writes: the packages, then its list of them. */
  async function install(packages: Record<string, { version?: string }>): Promise<void> {
    for (const folder of Object.keys(packages)) {
      await mkdir(path.join(root, folder), { recursive: true });
      await write(path.join(folder, "package.json"), {});
    }
    await write("node_modules/.package-lock.json", { packages });
  }
  const complete = {
    "node_modules/a": locked["node_modules/a"],
    "node_modules/native": locked["node_modules/native"],
  };

  beforeEach(async () => {
    root = await mkdtemp(path.join(os.tmpdir(), "baton-packages-"));
    await write("package.json", {});
    await write("package-lock.json", { packages: locked });
  });
  afterEach(() => rm(root, { recursive: true, force: true }));

  it("are missing in a fresh clone", () => {
    expect(isInstalled(root)).toBe(false);
  });

  it("are complete in the locked versions, after npm ci by hand, too; other machines' are not needed", async () => {
    await install(complete);
    expect(missing(root)).toBeNull();
    expect(isInstalled(root)).toBe(true);
  });

  it("are incomplete when npm under an old Node has left out a native part for this machine", async () => {
    await install({ "node_modules/a": { version: "1.0.0" } });
    expect(missing(root)).toBe("node_modules/native");
    expect(isInstalled(root)).toBe(false);
  });

  it("are stale when the lock file asks for another version", async () => {
    await install(complete);
    expect(isInstalled(root)).toBe(true);
    await write("package-lock.json", { packages: { ...locked, "node_modules/a": { version: "2.0.0" } } });
    expect(isInstalled(root)).toBe(false);
  });

  it("are incomplete when one has been deleted since", async () => {
    await install(complete);
    markInstalled(root);
    await rm(path.join(root, "node_modules/a"), { recursive: true });
    expect(isInstalled(root)).toBe(false);
  });
});

it.each([
  ["24.21.0", "24.0.0", true],
  ["24.0.1", "24.0.0", true],
  ["24.0.0", "24.0.0", false],
  ["24.20.0", "24.21.0", false],
  // From 24.15 on the pinned one has all that is needed, and is the one that is tested.
  ["24.22.0", "24.21.0", false],
  ["26.1.0", "24.0.0", false],
  ["22.9.0", "24.0.0", false],
  ["24.9.0", "", false],
])("a running Node %s in the place of the pinned %j: %s", (running, pinned, expected) => {
  expect(isBetter(running, pinned)).toBe(expected);
});
