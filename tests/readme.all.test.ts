/**
 * Follows the README, the tour and the page on lens like a new user: a copy of the project without packages, and the
 * commands as written, in order. The tables are compared with the code.
 */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { chmod, chown, cp, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
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
/** Offsets, because something may run on this machine at the usual ports. */
const OFFSET = await freeOffset(500);
const OTHER_OFFSET = await freeOffset(1_800);
const NOBODY = 65_534;

/** Copies the project's files that git knows, without anything built or installed, to a new folder. */
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

/** The commands in the shell blocks of a page, one per line, in order. */
const commandsOf = (text: string): string[] =>
  [...text.matchAll(/```sh\n([\s\S]*?)```/g)].flatMap((block) => (block[1] ?? "").trim().split("\n"));

/** A command of a page, with its ports moved to those of this playground. */
const moved = (command: string): string =>
  command.replace(/127\.0\.0\.1:(\d+)/g, (_, port: string) => `127.0.0.1:${Number(port) + OFFSET}`);

/** Variables that this machine's network may need; they are not ours. */
const NETWORK = /^(NODE_EXTRA_CA_CERTS|SSL_CERT_FILE|SSL_CERT_DIR|(HTTPS?|NO)_PROXY)$/i;

/** A new user's environment: the machine's own Node and npm, not those that `npm run` put in front. */
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

/** Whether a process is over. npm ends itself by the signal that it passed on, and then has no exit status. */
const isOver = ({ exitCode, signalCode }: ChildProcess): boolean => exitCode !== null || signalCode !== null;

function ended(child: ChildProcess): Promise<{ code: number; output: string }> {
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on("data", (chunk: Buffer) => {
      output += chunk;
    });
  }
  return new Promise((resolve) => child.once("close", (code) => resolve({ code: code ?? 1, output })));
}

/** The output that a command of the tour must have, by a part of the command. `id` is that of the last placed order. */
const promises = (id: string): readonly (readonly [part: string, shows: RegExp])[] => [
  ["checkout -- --fault", /402[\s\S]*card_declined ◀ cause/],
  ["--brief", /\+\d+ spans[\s\S]*card_declined ◀ cause/],
  ["--logs", /card_declined ◀ cause[\s\S]*payment\.declined/],
  ["npm run logs", /orders.*order\.placed[\s\S]*payment\.declined/],
  ["curl -i", /402[\s\S]*card-declined/],
  ["--full", /SELECT orders /],
  ["/api/journeys/", new RegExp(id)],
  ["/api/v3/services", /analytics/],
  ["GetOrder", new RegExp(`"orderId":\\s*"${id}"`)],
  ["shipping.pick:delayed", /"status":"CONFIRMED"/],
  ["/history", /"CONFIRMED"/],
  ["-X DELETE http://127.0.0.1:8080/api/v1/orders/", /"status":"CANCELLED"/],
  ["/events", /PENDING[\s\S]*CONFIRMED[\s\S]*CANCELLED/],
  ['-d \'{"sku": "lamp"', /"sku":"lamp"(?=.*"retired":false).*"stock":1,/],
  ["/items/lamp/restocks", /"stock":3/],
  ["--sku lamp", /✓ POST \/api\/v1\/checkouts → 201/],
  ["-X DELETE http://127.0.0.1:8080/api/v1/items/", /"retired":true.*"stock":0,/],
  ["npm run redrive", /nothing in the dead letters/],
];

const lensPromises: typeof promises = () => [
  ["/v1/traces", /^\{\}$/],
  ["/api/v3/services", /"my-app"/],
  ["/api/journeys/", /"name":"GET \/hello"/],
];

/** An order's id in the output of a command, or in a response. */
const ORDER = /^\s*order\s+([0-9a-f-]{36})|"orderId":\s*"([0-9a-f-]{36})"/m;
const CORRELATION = /^\s*correlation(?: id)?\s+([0-9a-f-]{36})/m;

describe("the commands of the README, the tour and the page on lens, from a clone without node_modules", () => {
  let folder: string;
  let env: NodeJS.ProcessEnv;
  let stays: ChildProcess;
  let said = "";

  const page = (file: string): Promise<string> => readFile(path.join(folder, file), "utf8");

  beforeAll(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), "baton-readme-"));
    await chmod(folder, 0o755);
    await copyOfProject(folder);
    env = cleanEnv({ BATON_PORT_OFFSET: String(OFFSET) });
  });
  afterAll(async () => {
    if (stays && !isOver(stays)) {
      stays.kill("SIGTERM");
      await new Promise((resolve) => stays.once("close", resolve));
    }
    await rm(folder, { recursive: true, force: true });
  });

  /** Runs a command that keeps running, and waits until it prints `upWith`. */
  async function stay(command: string, upWith: string): Promise<void> {
    said = "";
    stays = spawn("sh", ["-c", `exec ${command}`], { cwd: folder, env, stdio: ["ignore", "pipe", "pipe"] });
    for (const stream of [stays.stdout, stays.stderr]) {
      stream?.on("data", (chunk: Buffer) => {
        said += chunk;
      });
    }
    const up = () => isOver(stays) || said.includes(upWith) || undefined;
    await eventually(`${command} to be up`, up, patient(240_000));
    expect(isOver(stays), said).toBe(false);
  }

  /** Runs `commands` with the ids printed before. Each must exit with 0 and have the output that the page promises. */
  async function type(commands: readonly string[], promised: typeof promises): Promise<void> {
    const unnamed = promised("").filter(([part]) => !commands.some((command) => command.includes(part)));
    expect(unnamed, "outputs without a command").toEqual([]);
    const ids = { order: "", correlation: "" };
    for (const command of commands) {
      const line = moved(command)
        .replace("<correlation id>", ids.correlation)
        .replace("<order id>", ids.order);
      expect(line).not.toContain("<");
      const { code, output } = await shell(line, folder, env);
      expect(code, `${line}\n${output}`).toBe(0);
      const [, shown, answered] = ORDER.exec(output) ?? [];
      ids.order = shown ?? answered ?? ids.order;
      ids.correlation = CORRELATION.exec(output)?.[1] ?? ids.correlation;
      for (const [, shows] of promised(ids.order).filter(([part]) => command.includes(part)))
        expect(output, line).toMatch(shows);
    }
  }

  const isUp = async (port: number): Promise<boolean> =>
    fetch(`http://127.0.0.1:${port + OFFSET}/`).then(
      () => true,
      () => false,
    );

  test("npm start works, and so does every command of the tour", async () => {
    // The copy replaces the clone. The project's CI runs `npm test`, and compose has a test of its own.
    expect(commandsOf(await page("README.md"))).toEqual([
      "git clone <the address of this repository> baton",
      "cd baton",
      "npm start",
      "docker compose up",
      "npm test",
    ]);
    await stay("npm start", "Ctrl-C stops it");
    for (const promised of [
      "A checkout that goes all the way",
      "A checkout whose card is declined",
      "◀ cause",
    ]) {
      expect(said).toContain(promised);
    }
    const commands = commandsOf(await page("docs/tour.md"));
    expect(commands.length).toBeGreaterThan(15);
    expect(commands.at(-1)).toBe("npm run down");
    // Load needs k6, which may have to be built first: docs.all.test.ts and stack.all.test.ts run it.
    await type(
      commands.filter((line) => !line.startsWith("npm run load")),
      promises,
    );
    await eventually("npm start to end", () => isOver(stays) || undefined);
    for (const part of [...services, lens]) expect(await isUp(part.port), part.name).toBe(false);
  });

  test("npm run lens accepts a span by hand, and returns its journey", async () => {
    const [first = "", ...commands] = commandsOf(await page("docs/lens.md"));
    expect(first).toBe("npm run lens");
    await stay(first, "look here");
    await type(commands, lensPromises);
    stays.kill("SIGTERM");
    // npm ends by the signal at once, and does not wait for what it started.
    await eventually("lens to be gone", async () => ((await isUp(lens.port)) ? undefined : true));
  });

  test("their tables match the code", async () => {
    const settings = await page("docs/settings.md");
    for (const part of [...services, lens])
      expect(settings).toContain(`| ${part.name} | ${part.port} | ${part.does} |`);
    const { scripts } = JSON.parse(await page("package.json")) as { scripts: object };
    const pages = ["README.md", "CONTRIBUTING.md", "ARCHITECTURE.md"];
    const docs = (await readdir(path.join(folder, "docs"))).filter((file) => file.endsWith(".md"));
    for (const file of docs) pages.push(`docs/${file}`);
    for (const file of pages)
      for (const [, script] of (await page(file)).matchAll(/npm run ([a-z:]+)/g))
        expect(Object.keys(scripts), file).toContain(script);
    const tree = /```text\n([\s\S]*?)```/.exec(await page("docs/tour.md"))?.[1] ?? "";
    for (const hop of checkout.expect.hops.filter(({ kind }) => kind === "CONSUMER"))
      expect(tree).toContain(hop.name);
  });
});

// Root can also run it as an ordinary user. An ordinary user has already done so above.
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
