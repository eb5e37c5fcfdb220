import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

describe("a service that is started beside its servers", () => {
  let dir = "";
  let child: ChildProcess | undefined;
  beforeEach(async () => {
    dir = await mkdtemp(path.join(os.tmpdir(), "baton-hold-"));
    await writeFile(path.join(dir, "package.json"), '{"type": "module"}');
    await writeFile(path.join(dir, "service.ts"), `console.log("loaded");`);
    await writeFile(path.join(dir, "main.ts"), `import "./service.ts"; console.log("started");`);
  });
  afterEach(async () => {
    child?.kill("SIGKILL");
    await rm(dir, { recursive: true, force: true });
  });

  /** Starts the service; the returned function resolves to its next line, or null at its end. */
  function start(): () => Promise<string | null> {
    const preload = path.join(import.meta.dirname, "hold.ts");
    child = spawn(process.execPath, ["--import", preload, path.join(dir, "main.ts")], {
      env: { PATH: process.env.PATH, BATON_HOLD: path.join(dir, "ready") },
      stdio: ["ignore", "pipe", "inherit"],
    });
    if (!child.stdout) throw new Error("no output");
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    return async () => (await lines.next()).value ?? null;
  }

  it("loads its code before they are ready, and starts only then", async () => {
    const next = start();
    expect(await next()).toBe("loaded");
    const started = next();
    // Without the hold it would start long before another process ends.
    const other = spawn(process.execPath, ["-e", ""]);
    expect(await Promise.race([started, once(other, "exit").then(() => "still waiting")])).toBe(
      "still waiting",
    );
    await writeFile(path.join(dir, "ready"), "");
    expect(await started).toBe("started");
  });

  it("does not wait when they are ready already, as at a restart", async () => {
    await writeFile(path.join(dir, "ready"), "");
    const next = start();
    expect([await next(), await next()]).toEqual(["loaded", "started"]);
  });

  it("ends when it is asked while it waits", async () => {
    const next = start();
    await next();
    child?.kill("SIGTERM");
    expect(await next()).toBeNull();
  });
});
