/** Runs the real command line, with its own state folder and its own ports. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { passedOn } from "../../playground/runner/environment.ts";
import { temporaryState } from "../../playground/temporary.fixture.ts";
import { freeOffset } from "../../tests/offset.ts";

/** A checkout of the project whose commands are run, and the Node that runs them. */
export interface CommandLine {
  /** Its folder, absolute. */
  readonly root: string;
  readonly node: string;
}

/** The command line beside this file. */
const here: CommandLine = { root: path.join(import.meta.dirname, "../.."), node: process.execPath };

/** A state folder and ports, for commands that are run one after the other. */
export interface Place {
  readonly dir: string;
  readonly env: Readonly<Record<string, string>>;
  readonly commandLine: CommandLine;
}

export interface PlaceOptions {
  readonly commandLine?: CommandLine;
  /** More environment variables for the commands. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs `use` with a new state folder, and removes it. */
export async function withPlace<T>(
  use: (place: Place) => Promise<T>,
  { commandLine = here, env: more = {} }: PlaceOptions = {},
): Promise<T> {
  const state = await temporaryState();
  try {
    const env = {
      ...passedOn(process.env),
      // The user's own cache has the compiled code of other runs, and would keep that of removed copies.
      NODE_COMPILE_CACHE: path.join(state.dir, "compile-cache"),
      BATON_STATE_DIR: state.dir,
      BATON_PORT_OFFSET: String(await freeOffset(3_000)),
      // With this variable boot.cjs ends when its parent is killed.
      npm_lifecycle_event: "bench",
      ...more,
    };
    return await use({ dir: state.dir, env, commandLine });
  } finally {
    await state.remove();
  }
}

export interface Typed {
  readonly process: ChildProcess;
  /** Its output so far. */
  printed(): string;
  /** Its exit status, once it has ended. */
  readonly ended: Promise<number>;
  /** Aborts when the command ends, or with the signal that it was given. For waits on the command's work. */
  readonly signal: AbortSignal;
}

/** Starts the command `name` with `args`. The signal asks it to end in order, as a Ctrl-C does. */
export function type(name: string, place: Place, signal: AbortSignal, args: readonly string[] = []): Typed {
  signal.throwIfAborted();
  const { root, node } = place.commandLine;
  const child = spawn(node, [path.join(root, "playground", "boot.cjs"), name, ...args], {
    cwd: root,
    env: place.env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let printed = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (chunk: string) => {
      printed += chunk;
    });
  }
  const end = (): boolean => child.kill("SIGTERM");
  signal.addEventListener("abort", end, { once: true });
  const ended = once(child, "close").then(([code]) => {
    signal.removeEventListener("abort", end);
    return typeof code === "number" ? code : 1;
  });
  const over = new AbortController();
  ended.then((status) => over.abort(new Error(`npm run ${name} ended with status ${status}:\n${printed}`)));
  return {
    process: child,
    printed: () => printed,
    ended,
    signal: AbortSignal.any([signal, over.signal]),
  };
}
