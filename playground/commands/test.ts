/** `npm test` and `npm run test:all`: the test runner, under this same Node. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import type { Command, Io } from "../command.ts";
import { EXIT } from "../exit.ts";

/** The projects that need no Go, Docker or browser. They take five minutes. */
const QUICK = ["unit", "hop", "system"];

const statuses = { [EXIT.ok]: "every test passed", [EXIT.failed]: "a test failed" };

/** Runs vitest on `projects` with the arguments `more`; resolves to its exit status. */
async function vitest(projects: readonly string[], more: readonly string[], io: Io): Promise<number> {
  const script = path.join(io.root, "node_modules", "vitest", "vitest.mjs");
  const args = ["run", ...projects.flatMap((project) => ["--project", project]), ...more];
  // These variables of boot.cjs are for this process, not for the tests and the command lines that they start.
  const { BATON_BOOT_PIPE, BATON_TIMES, ...env } = io.env;
  const child = spawn(process.execPath, [script, ...args], { cwd: io.root, stdio: "inherit", env });
  // A terminal sends Ctrl-C to the runner itself; a second one would make it end without cleaning up.
  const passOn = (): void => {
    if (io.signal.reason !== "SIGINT" || !process.stdin.isTTY) child.kill(io.signal.reason);
  };
  io.signal.addEventListener("abort", passOn, { once: true });
  const [code] = await once(child, "exit");
  io.signal.removeEventListener("abort", passOn);
  return typeof code === "number" ? code : EXIT.failed;
}

export const test: Command = {
  name: "test",
  summary: "Runs the unit, hop and end-to-end tests; no Go, Docker or browser is needed.",
  usage: "[-- <file or filter>... <options of vitest>]",
  example: "npm test\nnpm test -- playground/ports",
  statuses,
  options: {},
  positionals: { least: 0, most: 0, what: "" },
  passesOn: true,
  run: ({ positionals }, io) => vitest(QUICK, positionals, io),
};

export const testAll: Command = {
  name: "test:all",
  summary: "Runs all tests, also those that take long or need more than Node.",
  usage: "[-- --rest] [<file or filter>... <options of vitest>]     --rest leaves out what npm test runs",
  example: "npm run test:all\nnpm run test:all -- --rest",
  statuses,
  options: {},
  positionals: { least: 0, most: 0, what: "" },
  passesOn: true,
  async run({ positionals }, io) {
    const more = positionals.filter((word) => word !== "--rest");
    if (more.length < positionals.length) return vitest(["all"], more, io);
    const quick = await vitest(QUICK, more, io);
    if (io.signal.aborted) return quick;
    const rest = await vitest(["all"], more, io);
    const word = (status: number): string => (status === EXIT.ok ? "passed" : `failed (status ${status})`);
    io.out.write(`unit, hop and system: ${word(quick)}; all: ${word(rest)}\n`);
    return quick || rest;
  },
};

/** A command for one long test file. */
const single = (name: string, file: string, summary: string): Command => ({
  name,
  summary,
  usage: "[-- <options of vitest>]",
  example: `npm run ${name}`,
  statuses,
  options: {},
  positionals: { least: 0, most: 0, what: "" },
  passesOn: true,
  run: ({ positionals }, io) => vitest(["all"], [file, ...positionals], io),
});

export const testCompose = single(
  "test:compose",
  "tests/compose.all.test.ts",
  "Brings compose.yaml up on a Docker engine that runs or can be started, breaks it, and takes it down.",
);

export const testStack = single(
  "test:stack",
  "tests/stack.all.test.ts",
  "Runs Collector, Jaeger, Prometheus and k6 as local programs, and runs every query of every dashboard.",
);
