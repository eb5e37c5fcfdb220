import { mkdtemp, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

interface Lock {
  lock(file: string, onWait: () => void): Promise<() => void>;
}
const { lock } = createRequire(import.meta.url)("./lock.cjs") as Lock;

describe("the lock on the installation", () => {
  let dir = "";
  let file = "";
  beforeEach(async () => {
    dir = await mkdtemp(path.join(os.tmpdir(), "baton-lock-"));
    file = path.join(dir, "state", "install.lock");
  });
  afterEach(() => rm(dir, { recursive: true, force: true }));

  it("is held by one at a time; the next one says that it waits", async () => {
    const told: string[] = [];
    const first = await lock(file, () => told.push("first waits"));
    const second = lock(file, () => {
      told.push("second waits");
      first();
    });
    (await second)();
    expect(told).toEqual(["second waits"]);
    expect(await readdir(path.dirname(file))).toEqual([]);
  });

  it("is taken from a holder that has died", async () => {
    const release = await lock(file, () => {});
    release();
    // Too high for any process id.
    await writeFile(file, "99999999\n");
    (await lock(file, () => {}))();
  });

  it("is taken from a holder that has not touched it for long, even if its process id is in use again", async () => {
    (await lock(file, () => {}))();
    await writeFile(file, `${process.pid}\n`);
    await utimes(file, new Date(0), new Date(0));
    (await lock(file, () => {}))();
  });
});
