/**
 * The README as a stranger reads it: a copy of the project without packages, the commands as they stand there, in
 * their order. What its tables say is held against the code.
 */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { chmod, chown, cp, mkdtemp, readFile, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import checkout from "../load/scenarios/checkout.ts";
import { lens, services } from "../services/topology.ts";
import { eventually } from "./fixtures.ts";
import { freeOffset } from "./offset.ts";
import { patient } from "./patience.ts";

const root = path.dirname(import.meta.dirname);
const run = promisify(execFile);
/** Beside whatever runs on this machine at its usual ports. */
const OFFSET = await freeOffset(500);
const OTHER_OFFSET = await freeOffset(1_800);
const NOBODY = 65_534;

/** The project as git knows it, without anything that was built or installed, in a new folder. */
async function copyOfProject(into: string): Promise<void> {
  const listed = await run("git", ["ls-files", "-co", "--exclude-standard", "-z"], {
    cwd: root,
    maxBuffer: 1 << 24,
  });
  for (const file of listed.stdout.split("\0").filter(Boolean)) {
    await cp(path.join(root, file), path.join(into, file)).catch((err: NodeJS.ErrnoException) => {
      // Deleted in the work tree, not yet in the index.
      if (err.code !== "ENOENT") throw err;
    });
  }
}

/** The commands of the README's shell blocks, one a line, in their order. */
const commandsOf = (text: string): string[] =>
  [...text.matchAll(/```sh\n([\s\S]*?)```/g)].flatMap((block) => (block[1] ?? "").trim().split("\n"));

/** What a machine's own network may need: nothing of it is ours. */
const NETWORK = /^(NODE_EXTRA_CA_CERTS|SSL_CERT_FILE|SSL_CERT_DIR|(HTTPS?|NO)_PROXY)$/i;

/** A stranger's environment: the machine's own Node and npm, not those that `npm run` put in front. */
const cleanEnv = (more: Record<string, string>): NodeJS.ProcessEnv => ({
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => NETWORK.test(name))),
  PATH: (process.env.PATH ?? "")
    .split(path.delimiter)
    .filter((folder) => !folder.includes("node_modules"))
    .join(path.delimiter),
  HOME: os.homedir(),
  TERM: "dumb",
  ...more,
});

/** Runs one line in a shell, to its end. */
async function shell(
  line: string,
  cwd: string,
  env: NodeJS.ProcessEnv,
): Promise<{ code: number; output: string }> {
  const child = spawn("sh", ["-c", line], { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
  return { ...(await ended(child)) };
}

function ended(child: ChildProcess): Promise<{ code: number; output: string }> {
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on("data", (chunk: Buffer) => {
      output += chunk;
    });
  }
  return new Promise((resolve) => child.once("close", (code) => resolve({ code: code ?? 1, output })));
}

/** What a command of the tour must show, by a part of it. */
const promises = (orderId: string): readonly (readonly [string, RegExp])[] => [
  ["--fault", /402[\s\S]*card_declined ◀ cause/],
  ["npm run logs", /orders.*order\.placed[\s\S]*payment\.declined/],
  ["curl -i", /402[\s\S]*card-declined/],
  ["/events", /CONFIRMED[\s\S]*SHIPPED/],
  ["/history", /"CONFIRMED"/],
  ["-X DELETE", /wrong-status|CANCELLED/],
  ["GetOrder", new RegExp(`"orderId":\\s*"${orderId}"`)],
  ["npm run redrive", /nothing in the dead letters/],
  ["/api/journeys/", new RegExp(orderId)],
  ["/api/v3/services", /analytics/],
];

describe("the README's commands, from a clone without node_modules", () => {
  let folder: string;
  let text: string;
  let start: ChildProcess;
  let started = "";

  beforeAll(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), "baton-readme-"));
    await chmod(folder, 0o755);
    await copyOfProject(folder);
    text = await readFile(path.join(folder, "README.md"), "utf8");
  });
  afterAll(async () => {
    if (start?.exitCode === null) {
      start.kill("SIGTERM");
      await new Promise((resolve) => start.once("close", resolve));
    }
    await rm(folder, { recursive: true, force: true });
  });

  test("npm start brings it up, and every command of the tour does what it says", async () => {
    const env = cleanEnv({ BATON_PORT_OFFSET: String(OFFSET) });
    const commands = commandsOf(text);
    // `npm test` from a fresh clone is what the project's CI does first.
    expect(commands.slice(0, 2)).toEqual(["npm start", "npm test"]);
    expect(commands.at(-1)).toBe("npm run down");
    const unnamed = promises("").filter(([part]) => !commands.some((command) => command.includes(part)));
    expect(unnamed, "promises of no command").toEqual([]);

    start = spawn("sh", ["-c", "exec npm start"], { cwd: folder, env, stdio: ["ignore", "pipe", "pipe"] });
    for (const stream of [start.stdout, start.stderr]) {
      stream?.on("data", (chunk: Buffer) => {
        started += chunk;
      });
    }
    const up = () => start.exitCode !== null || started.includes("Ctrl-C stops it") || undefined;
    await eventually("npm start to be up", up, patient(240_000));
    expect(start.exitCode, started).toBeNull();
    for (const promised of [
      "A checkout that goes all the way",
      "A checkout whose card is declined",
      "◀ cause",
    ]) {
      expect(started).toContain(promised);
    }

    const ids = { order: "", correlation: "" };
    // Loading needs k6, which may have to be built first, and compose an engine: tests of their own run them.
    const elsewhere = /^(npm run load|docker compose)/;
    for (const command of commands.slice(2).filter((line) => !elsewhere.test(line))) {
      const line = command
        .replace("<correlation id>", ids.correlation)
        .replace("<order id>", ids.order)
        .replace(/127\.0\.0\.1:(\d+)/g, (_, port: string) => `127.0.0.1:${Number(port) + OFFSET}`);
      expect(line).not.toContain("<");
      const { code, output } = await shell(line, folder, env);
      expect(code, `${line}\n${output}`).toBe(0);
      ids.order = /^\s*order\s+([0-9a-f-]{36})/m.exec(output)?.[1] ?? ids.order;
      ids.correlation = /^\s*correlation(?: id)?\s+([0-9a-f-]{36})/m.exec(output)?.[1] ?? ids.correlation;
      for (const [, promise] of promises(ids.order).filter(([part]) => command.includes(part)))
        expect(output, line).toMatch(promise);
    }
    await eventually("npm start to end", () => (start.exitCode === null ? undefined : true));
    for (const part of [...services, lens]) {
      await expect(fetch(`http://127.0.0.1:${part.port + OFFSET}/`), part.name).rejects.toThrow();
    }
  });

  test("its tables say what the code says", async () => {
    for (const part of [...services, lens])
      expect(text).toContain(`| ${part.name} | ${part.port} | ${part.does} |`);
    const scripts = (
      JSON.parse(await readFile(path.join(root, "package.json"), "utf8")) as { scripts: object }
    ).scripts;
    for (const [, script] of text.matchAll(/npm run ([a-z:]+)/g))
      expect(Object.keys(scripts)).toContain(script);
    const tree = /```text\n([\s\S]*?)```/.exec(text)?.[1] ?? "";
    for (const hop of checkout.expect.hops.filter(({ kind }) => kind === "CONSUMER"))
      expect(tree).toContain(hop.name);
  });
});

// As root one can be an ordinary user too; an ordinary user is one already, and has had the run above.
describe.runIf(process.getuid?.() === 0)(
  "as an ordinary user with a home of mode 0700 and an empty cache",
  () => {
    let home: string;
    beforeAll(async () => {
      home = await mkdtemp(path.join(os.tmpdir(), "baton-home-"));
      await copyOfProject(path.join(home, "baton"));
      await run("chown", ["-R", `${NOBODY}:${NOBODY}`, home]);
      await chmod(home, 0o700);
      await chown(home, NOBODY, NOBODY);
    });
    afterAll(() => rm(home, { recursive: true, force: true }));

    test("npm run demo ends with both journeys complete, and says how long each part took", async () => {
      const env = cleanEnv({ HOME: home, BATON_PORT_OFFSET: String(OTHER_OFFSET) });
      const child = spawn("npm", ["run", "demo"], {
        cwd: path.join(home, "baton"),
        env,
        uid: NOBODY,
        gid: NOBODY,
        stdio: ["ignore", "pipe", "pipe"],
      });
      const { code, output } = await ended(child);
      expect(code, output).toBe(0);
      for (const part of ["packages", "servers", "start", "first journey", "both journeys are complete"]) {
        expect(output).toContain(part);
      }
    });
  },
);
