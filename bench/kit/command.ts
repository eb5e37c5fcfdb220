/** The command line itself, run as whoever types it would, in a state folder and on ports of its own. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { passedOn } from "../../playground/runner/environment.ts";
import { temporaryState } from "../../playground/temporary.fixture.ts";
import { freeOffset } from "../../tests/offset.ts";

const boot = path.join(import.meta.dirname, "../../playground/boot.cjs");

/** A state folder and ports, for commands that are typed one after the other. */
export interface Place {
  readonly dir: string;
  readonly env: Readonly<Record<string, string>>;
}

/** Runs `use` with a state folder in which nothing has run yet, and takes it away. */
export async function withPlace<T>(use: (place: Place) => Promise<T>): Promise<T> {
  const state = await temporaryState();
  try {
    const { NODE_COMPILE_CACHE: _, ...user } = passedOn(process.env);
    const env = {
      ...user,
      BATON_STATE_DIR: state.dir,
      BATON_PORT_OFFSET: String(await freeOffset(3_000)),
      // By this name boot.cjs knows that it is to end with its parent, should that be killed.
      npm_lifecycle_event: "bench",
    };
    return await use({ dir: state.dir, env });
  } finally {
    await state.remove();
  }
}

export interface Typed {
  readonly process: ChildProcess;
  /** What it has printed so far. */
  printed(): string;
  /** Its exit status, once it has ended. */
  readonly ended: Promise<number>;
  /** Ends with the command, or with the signal that it was given: for whoever waits for what it does. */
  readonly signal: AbortSignal;
}

/** Starts a command. The signal asks it to end in order, as a Ctrl-C does. */
export function type(name: string, place: Place, signal: AbortSignal): Typed {
  signal.throwIfAborted();
  const child = spawn(process.execPath, [boot, name], {
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
