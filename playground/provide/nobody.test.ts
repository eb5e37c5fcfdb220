import { chmod, mkdir, mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { isReachableByNobody } from "./nobody.ts";

describe("a folder", () => {
  let home = "";
  let inside = "";
  beforeEach(async () => {
    home = await mkdtemp(path.join(os.tmpdir(), "baton-home-"));
    inside = path.join(home, "project", ".baton");
    await mkdir(inside, { recursive: true });
    for (const folder of [path.dirname(inside), inside]) await chmod(folder, 0o755);
  });
  afterEach(() => rm(home, { recursive: true, force: true }));

  it("can be reached by the user nobody when all folders above it let others enter", async () => {
    await chmod(home, 0o711);
    expect(await isReachableByNobody(inside)).toBe(true);
  });

  it("cannot be reached below a home folder of mode 0700", async () => {
    await chmod(home, 0o700);
    expect(await isReachableByNobody(inside)).toBe(false);
  });
});
