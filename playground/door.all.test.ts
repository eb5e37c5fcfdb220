/** Random input for the command line: it answers with a message and a documented exit status, and starts nothing. */
import { execFile } from "node:child_process";
import { readdir } from "node:fs/promises";
import path from "node:path";
import { PassThrough } from "node:stream";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { commands, main } from "./cli.ts";
import { asksForHelp, type Command, type Io, readArguments } from "./command.ts";
import { EXIT } from "./exit.ts";
import { Problem } from "./problem.ts";
import { type TemporaryState, temporaryState } from "./temporary.fixture.ts";
import { wrongVariables } from "./variables.ts";

const RUNS = 10_000;
const PROCESSES = 200;
/** A line of a stack trace: `at name (file:1:2)` or `at file:1:2`. */
const STACK = /^\s+at .*:\d+:\d+\)?$/m;
const ANSWERS: readonly (number | null)[] = [EXIT.ok, EXIT.failed, EXIT.usage];

const all = await Promise.all(Object.values(commands).map((load) => load()));
/** Commands that ask a running playground and do nothing without one; the others would start something. */
const ASKING = ["checkout", "load", "trace", "logs", "status", "down", "help"];

const options = [...new Set(all.flatMap((command) => Object.keys(command.options)))];
const value = fc.oneof(
  fc.constantFrom(
    "",
    "0",
    "-1",
    "1e9",
    "1.5",
    "NaN",
    "99999999999999999999",
    "last",
    "checkout",
    "mix",
    "../../etc",
    "\u202e",
  ),
  fc.string({ unit: "binary", maxLength: 40 }),
  fc.string({ unit: "grapheme", maxLength: 10 }),
  fc.string({ minLength: 5_000, maxLength: 20_000 }),
);
const word = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...options).map((name) => `--${name}`) },
  {
    weight: 2,
    arbitrary: fc.tuple(fc.constantFrom(...options), value).map(([name, text]) => `--${name}=${text}`),
  },
  { weight: 1, arbitrary: fc.constantFrom("--", "-", "-h", "--help", "--no-json", "--__proto__", "-xyz") },
  { weight: 4, arbitrary: value },
);
const words = fc.array(word, { maxLength: 6 });

/** An argument of a process cannot hold a NUL. */
const asArgv = (given: readonly string[]): string[] => given.map((one) => one.replaceAll("\0", "0"));

let state: TemporaryState;
beforeAll(async () => {
  state = await temporaryState();
});
afterAll(() => state.remove());

/** Runs the command line in this process, and keeps what it prints. */
async function typed(
  argv: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<{ status: number; said: string }> {
  let said = "";
  const stream = new PassThrough();
  stream.on("data", (chunk) => {
    said += chunk;
  });
  const out = Object.assign(stream, { isTTY: false, columns: 100 }) as unknown as NodeJS.WriteStream;
  const signal = new AbortController().signal;
  const io: Io = { out, err: out, env, root: path.dirname(import.meta.dirname), dir: state.dir, signal };
  return { status: await main(argv, io), said };
}

describe("any input", () => {
  it(`is read as arguments or refused with a message, ${RUNS} times`, () => {
    fc.assert(
      fc.property(fc.constantFrom<Command>(...all), words, (command, argv) => {
        if (asksForHelp(command, argv)) return;
        try {
          const read = readArguments(command, argv);
          expect(Object.keys(read.values).every((name) => name in command.options)).toBe(true);
        } catch (error) {
          expect(error).toBeInstanceOf(Problem);
          expect(error).toMatchObject({ code: "usage", message: expect.stringMatching(/\S/) });
        }
      }),
      { numRuns: RUNS },
    );
  });

  it(`makes a command end with 0, 1 or 2 and a message, and leaves the state folder empty, ${RUNS} times`, async () => {
    const names = fc.oneof(
      { weight: 9, arbitrary: fc.constantFrom(...ASKING) },
      { weight: 1, arbitrary: value.filter((name) => !Object.hasOwn(commands, name)) },
    );
    await fc.assert(
      fc.asyncProperty(names, words, async (name, argv) => {
        const { status, said } = await typed([name, ...argv], {});
        expect(ANSWERS).toContain(status);
        expect(said).toMatch(/\S/);
        expect(said).not.toMatch(STACK);
      }),
      { numRuns: RUNS },
    );
    expect(await readdir(state.dir)).toEqual([]);
  });

  it(`in the environment is accepted or named without a stack, ${RUNS} times`, () => {
    const name = fc.oneof(
      fc.constantFrom(
        "BATON_PORT_OFFSET",
        "BATON_ASYNC",
        "BATON_NATS_URL",
        "LENS_STORE_BYTES",
        "OTEL_TRACES_SAMPLER",
      ),
      fc.string({ maxLength: 12 }).map((text) => `BATON_${text}`),
    );
    fc.assert(
      fc.property(fc.dictionary(name, value, { maxKeys: 4 }), (env) => {
        for (const { name: named, says } of wrongVariables(env))
          expect(says.startsWith(`${named} must be `)).toBe(true);
      }),
      { numRuns: RUNS },
    );
  });

  it(`is answered the same by real processes, also by commands that start something, ${PROCESSES} times`, async () => {
    const cli = path.join(import.meta.dirname, "cli.ts");
    // A wrong offset stops every start, whatever the arguments.
    const env = { ...process.env, BATON_STATE_DIR: state.dir, BATON_PORT_OFFSET: "abc" };
    const name = fc.constantFrom("start", "demo", ...ASKING);
    await fc.assert(
      fc.asyncProperty(name, words.map(asArgv), async (command, argv) => {
        const ended = await new Promise<{ status: number | null; said: string }>((resolve) => {
          const child = execFile(process.execPath, [cli, command, ...argv], { env }, (_error, out, err) =>
            resolve({ status: child.exitCode, said: out + err }),
          );
        });
        expect(ANSWERS).toContain(ended.status);
        if ((command === "start" || command === "demo") && ended.status === EXIT.ok)
          expect(ended.said).toContain("Exit status:");
        expect(ended.said).toMatch(/\S/);
        expect(ended.said).not.toMatch(STACK);
      }),
      { numRuns: PROCESSES },
    );
    expect(await readdir(state.dir)).toEqual([]);
  });
});
