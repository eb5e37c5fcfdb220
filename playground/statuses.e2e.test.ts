import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdtemp, readdir, rm } from "node:fs/promises";
import { createServer } from "node:net";
import os from "node:os";
import path from "node:path";
import { text } from "node:stream/consumers";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { EXIT } from "./exit.ts";
import { freePorts, portsFor } from "./runner/ports.ts";
import { type TemporaryState, temporaryState } from "./temporary.fixture.ts";

const run = promisify(execFile);
const root = path.dirname(import.meta.dirname);

interface Ended {
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
}

/** Real processes that end by themselves; none of them starts anything. */
describe("a command that cannot do its work", () => {
  let state: TemporaryState;
  beforeEach(async () => {
    state = await temporaryState();
  });
  afterEach(() => state.remove());

  const launch = (args: readonly string[], more: NodeJS.ProcessEnv): ChildProcess =>
    spawn(process.execPath, [path.join(root, "playground/boot.cjs"), ...args], {
      env: { ...process.env, BATON_STATE_DIR: state.dir, NO_COLOR: "1", ...more },
      stdio: ["ignore", "pipe", "pipe"],
    });

  async function type(args: readonly string[], more: NodeJS.ProcessEnv = {}): Promise<Ended> {
    const child = launch(args, more);
    if (!child.stdout || !child.stderr) throw new Error("no output");
    const [out, err] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "exit")]);
    return { status: child.exitCode, out, err };
  }

  it.each([
    [{ BATON_PORT_OFFSET: "abc" }, 'BATON_PORT_OFFSET must be a whole number from 0 to 49156, not "abc"'],
    [{ BATON_ASYNC: "foo" }, 'BATON_ASYNC must be parent+link, parent or link, not "foo"'],
    [{ OTEL_TRACES_SAMPLER: "most" }, "OTEL_TRACES_SAMPLER must be always_on, "],
    [{ LENS_STORE_BYTES: "12" }, "LENS_STORE_BYTES must be a whole number of 1048576 or more"],
    [
      { BATON_REDIS_URL: "http://:hunter2@cache" },
      "BATON_REDIS_URL must be an address such as redis://host:port\n",
    ],
  ])("for %j names the variable in one line, ends with 2 and has started nothing", async (env, says) => {
    const { status, out, err } = await type(["start"], env);
    expect(status).toBe(EXIT.usage);
    expect(err).toContain(says);
    expect(err).not.toContain("hunter2");
    expect(err.trimEnd().split("\n")).toHaveLength(1);
    expect(out).toBe("");
    expect(await readdir(state.dir)).toEqual([]);
  });

  it.each([
    [["start", "--nope"], EXIT.usage, "--nope"],
    [["trace"], EXIT.usage, "is missing"],
    [["checkout", "--quantity", "NaN"], EXIT.usage, "whole number"],
    [["checkout"], EXIT.failed, "npm start"],
    [["frobnicate"], EXIT.usage, 'unknown command "frobnicate"'],
    [[], EXIT.usage, ""],
  ])("%j ends with the documented status", async (args, wanted, says) => {
    const { status, err } = await type(args);
    expect(status).toBe(wanted);
    expect(err).toContain(says);
  });

  it.each([["start"], ["status"], ["test"], ["doctor"], ["help"]])("%s --help ends with 0", async (name) => {
    const { status, out, err } = await type([name, "--help"]);
    expect({ status, err }).toEqual({ status: EXIT.ok, err: "" });
    expect(out.length).toBeGreaterThan(100);
  });

  it("status says that nothing runs, also as JSON", async () => {
    const { status, out } = await type(["status", "--json"]);
    expect(status).toBe(EXIT.failed);
    expect(JSON.parse(out)).toEqual({ running: false, ready: false });
  });

  describe("the doctor", () => {
    interface Said {
      readonly works: boolean;
      readonly checks: readonly { topic: string; standing: string; says: string; fix?: string }[];
      readonly start: readonly string[];
    }
    const problems = ({ out }: Ended) =>
      (JSON.parse(out) as Said).checks.filter(({ standing }) => standing === "problem");

    /** An offset whose ports are free, except those that `holder` takes. */
    async function offsetWith(
      holder: (ports: ReturnType<typeof portsFor>) => Promise<void>,
    ): Promise<string> {
      const { gateway } = await freePorts();
      const offset = gateway - portsFor(0).gateway;
      await holder(portsFor(offset));
      return String(offset);
    }

    it("names a taken port, its holder and the fix", async () => {
      const server = createServer();
      const offset = await offsetWith(async ({ lens }) => {
        server.listen(lens, "127.0.0.1");
        await once(server, "listening");
      });
      const ended = await type(["doctor", "--json"], { BATON_PORT_OFFSET: offset });
      server.close();
      expect(ended.status).toBe(EXIT.failed);
      expect(problems(ended)).toContainEqual({
        topic: "port",
        standing: "problem",
        says: expect.stringMatching(new RegExp(`\\(lens\\) is held by process ${process.pid} `)),
        fix: expect.stringMatching(/^BATON_PORT_OFFSET=\d+ npm start$/),
      });
    });

    it("names wrong and mistyped variables", async () => {
      const ended = await type(["doctor"], { BATON_ASYNC: "foo", BATON_TELEMETERY: "off" });
      expect(ended.status).toBe(EXIT.failed);
      expect(ended.out).toMatch(/^problem +environment +BATON_ASYNC must be/m);
      expect(ended.out).toMatch(
        /^note +environment +nothing reads BATON_TELEMETERY; did you mean BATON_TELEMETRY\?$/m,
      );
    });

    it("says that a given server does not answer, without its password", async () => {
      const { nats } = await freePorts();
      const ended = await type(["doctor"], { BATON_NATS_URL: `nats://me:hunter2@127.0.0.1:${nats}` });
      expect(ended.out).toMatch(new RegExp(`^problem +nats .*nothing listens at 127.0.0.1:${nats}$`, "m"));
      expect(ended.out).not.toContain("hunter2");
    });

    it("works in a clone without packages, under an old or a new Node, and changes nothing there", async () => {
      const clone = await mkdtemp(path.join(os.tmpdir(), "baton-doctor-"));
      const home = `${clone}-home`;
      try {
        for (const name of ["playground", "services", "package.json", "package-lock.json"])
          await cp(path.join(root, name), path.join(clone, name), { recursive: true });
        const before = await readdir(clone, { recursive: true });
        const system = (process.env.PATH ?? "")
          .split(path.delimiter)
          .filter((folder) => !folder.includes("node_modules"))
          .join(path.delimiter);
        // The system's own Node, which may be too old to read TypeScript, and this one.
        for (const node of ["node", process.execPath]) {
          const args = [path.join(clone, "playground/boot.cjs"), "doctor"];
          const offset = await offsetWith(async () => {});
          const env = { PATH: system, HOME: home, BATON_PORT_OFFSET: offset };
          const { stdout } = await run(node, args, { env }).catch((error) => error as { stdout: string });
          expect(stdout, node).toMatch(/^(will|ok) +packages +.*will be installed/m);
          expect(stdout, node).toMatch(/^npm start would|then npm run doctor again/m);
        }
        expect(await readdir(clone, { recursive: true })).toEqual(before);
        await expect(readdir(home)).rejects.toThrow("ENOENT");
      } finally {
        for (const folder of [clone, home]) await rm(folder, { recursive: true, force: true });
      }
    });
  });
});
