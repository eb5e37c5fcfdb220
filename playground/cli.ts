/** The command line: entry point of `npm start`, `npm run checkout` and so on, under Node 24. */
import { Socket } from "node:net";
import path from "node:path";
import { asksForHelp, type Command, helpOf, type Io, isHelp, readArguments, typed } from "./command.ts";
import { EXIT } from "./exit.ts";
import { errorFrom, Problem } from "./problem.ts";
import { stateDir } from "./runner/state.ts";

/** Loaded on demand: most commands need few of the packages, so they start at once. */
export const commands: Readonly<Record<string, () => Promise<Command>>> = {
  start: async () => (await import("./commands/start.ts")).start,
  demo: async () => (await import("./commands/demo.ts")).demo,
  checkout: async () => (await import("./commands/checkout.ts")).checkout,
  load: async () => (await import("./commands/load.ts")).load,
  bench: async () => (await import("./commands/bench.ts")).bench,
  hostile: async () => (await import("./commands/hostile.ts")).hostile,
  trace: async () => (await import("./commands/trace.ts")).trace,
  logs: async () => (await import("./commands/logs.ts")).logs,
  redrive: async () => (await import("./commands/redrive.ts")).redrive,
  lens: async () => (await import("./commands/lens.ts")).lens,
  doctor: async () => (await import("./commands/doctor.ts")).doctor,
  status: async () => (await import("./commands/status.ts")).status,
  down: async () => (await import("./commands/down.ts")).down,
  test: async () => (await import("./commands/test.ts")).test,
  "test:all": async () => (await import("./commands/test.ts")).testAll,
  "test:compose": async () => (await import("./commands/test.ts")).testCompose,
  "test:stack": async () => (await import("./commands/test.ts")).testStack,
};

/** A terminal's Ctrl-C may arrive twice, from the terminal and from npm. Only a later one is a second Ctrl-C. */
const IMPATIENT_AFTER_MS = 1_000;

/** Aborts at the first signal. One that comes over a second later ends the process; its guards end the children. */
function untilSignal(): AbortSignal {
  const stop = new AbortController();
  let firstAtMs = 0;
  const onSignal = (name: NodeJS.Signals): void => {
    if (!stop.signal.aborted) {
      firstAtMs = Date.now();
      stop.abort(name);
    } else if (Date.now() - firstAtMs > IMPATIENT_AFTER_MS) process.exit(EXIT.interrupted);
  };
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(name, onSignal);
  return stop.signal;
}

/** Ends this process when its parent, boot.cjs, is gone: boot.cjs holds the other end of a pipe, and never writes. */
function endWithBoot(pipe: string | undefined): void {
  if (pipe === undefined || !/^\d+$/.test(pipe)) return;
  const socket = new Socket({ fd: Number(pipe), readable: true, writable: false });
  socket.on("error", () => {});
  socket.on("close", () => process.kill(process.pid, "SIGTERM"));
  socket.resume();
  socket.unref();
}

async function overview(): Promise<string> {
  const all = await Promise.all(Object.values(commands).map((load) => load()));
  const lines = all.map((command) => `  ${typed(command.name).padEnd(18)} ${command.summary}`);
  return `Baton, a distributed-tracing playground\n\n${lines.join("\n")}\n\nHelp on one: npm run checkout -- --help\n`;
}

/** Runs the command that `argv` names; resolves to the exit status. */
export async function main(argv: readonly string[], io: Io): Promise<number> {
  const [name, ...rest] = argv;
  if (name === undefined || isHelp(name) || name === "help") {
    io.out.write(await overview());
    return name === undefined ? EXIT.usage : EXIT.ok;
  }
  const load = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (!load) {
    io.err.write(`unknown command "${name}"\n\n${await overview()}`);
    return EXIT.usage;
  }
  const command = await load();
  if (asksForHelp(command, rest)) {
    io.out.write(helpOf(command));
    return EXIT.ok;
  }
  return run(command, rest, io);
}

/** Runs a command. A Problem is printed without a stack, a wrong usage with the command's help. */
async function run(command: Command, argv: readonly string[], io: Io): Promise<number> {
  try {
    return await command.run(readArguments(command, argv), io);
  } catch (error) {
    if (io.signal.aborted) return EXIT.interrupted;
    if (!(error instanceof Problem)) throw error;
    const isUsage = error.code === "usage";
    io.err.write(`${command.name}: ${error.message}\n${isUsage ? `\n${helpOf(command)}` : ""}`);
    return isUsage || error.code === "environment" ? EXIT.usage : EXIT.failed;
  }
}

/** The life of this process: its signals, its streams, its exit status. */
async function runHere(): Promise<void> {
  const root = path.dirname(import.meta.dirname);
  const signal = untilSignal();
  endWithBoot(process.env.BATON_BOOT_PIPE);
  const io: Io = {
    out: process.stdout,
    err: process.stderr,
    env: process.env,
    root,
    dir: stateDir(root, process.env),
    signal,
  };
  // The reader is gone, as in `npm run logs | head`, or the terminal was closed: stop in order.
  for (const stream of [process.stdout, process.stderr]) {
    stream.once("error", () => process.kill(process.pid, "SIGTERM"));
    stream.on("error", () => {});
  }
  try {
    process.exitCode = await main(process.argv.slice(2), io);
  } catch (error) {
    process.stderr.write(`${errorFrom(error).stack}\n`);
    process.exitCode = EXIT.failed;
  }
}

// The tests load this file, too, for its table of commands.
if (process.argv[1] === import.meta.filename) await runHere();
