import { spawn } from "node:child_process";
import { chmod, chown, mkdir, readdir } from "node:fs/promises";
import path from "node:path";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type TemporaryState, temporaryState } from "../temporary.fixture.ts";
import { cacheDir, hasApt } from "./apt.ts";
import { isRoot, NOBODY } from "./nobody.ts";

const script = path.join(import.meta.dirname, "apt.fixture.ts");

/** Needs Debian or Ubuntu with its archive. Elsewhere programs come from the PATH, which provide.hop.test.ts tests. */
describe.skipIf(!(await hasApt(process.env)))(
  "an ordinary user with an empty cache, on a machine with apt",
  () => {
    let state: TemporaryState;
    let home = "";
    beforeEach(async () => {
      state = await temporaryState();
      home = path.join(state.dir, "home");
      await mkdir(home);
      if (isRoot()) await chown(home, NOBODY.uid, NOBODY.gid);
      await chmod(home, 0o700);
    });
    afterEach(() => state.remove());

    /** Runs the fixture as an ordinary user; resolves to its output, parsed. Rejects with its standard error. */
    async function fetchAsUser(): Promise<unknown> {
      const child = spawn(process.execPath, [script], {
        ...(isRoot() && NOBODY),
        cwd: "/",
        env: { PATH: "/usr/bin:/bin", HOME: home },
        stdio: ["ignore", "pipe", "pipe"],
      });
      const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
      if (out === "") throw new Error(err);
      return JSON.parse(out);
    }

    it("gets both programs without root, each of a sufficient version, and leaves only the programs behind", async () => {
      expect(await fetchAsUser()).toEqual({ nats: true, redis: true });
      const servers = path.join(cacheDir({ HOME: home }), "servers");
      for (const system of await readdir(servers)) {
        expect(await readdir(path.join(servers, system))).toEqual(["nats-server+redis-server"]);
      }
    });

    it("gets them once when two start at the same time", async () => {
      expect(await Promise.all([fetchAsUser(), fetchAsUser()])).toEqual(
        Array(2).fill({ nats: true, redis: true }),
      );
    });
  },
);
