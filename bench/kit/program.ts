/** Runs other programs to their end. */
import { spawn } from "node:child_process";
import { once } from "node:events";

export interface RunOptions {
  readonly cwd: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
}

/** A program ended with another status than 0. */
export class ProgramFailed extends Error {
  override readonly name = "ProgramFailed";
  readonly status: number | null;
  /** Its error output. */
  readonly said: string;

  constructor(command: string, status: number | null, said: string) {
    super(`${command} ended with status ${status}: ${said || "it said nothing"}`);
    this.status = status;
    this.said = said;
  }
}

/**
 * Runs `program` and resolves to its output once it has ended. Rejects with a ProgramFailed, with the system's error
 * when there is no such program, or with the signal's reason. The program has its own process group, which the signal
 * ends as a whole: otherwise npm's children would go on writing into a folder that is being removed.
 */
export async function run(
  program: string,
  args: readonly string[],
  { cwd, env = process.env, signal }: RunOptions,
): Promise<string> {
  signal.throwIfAborted();
  const child = spawn(program, args, { cwd, env, detached: true, stdio: ["ignore", "pipe", "pipe"] });
  let [out, said] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    out += chunk;
  });
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
    said += chunk;
  });
  const end = (): void => {
    if (child.pid === undefined || child.exitCode !== null) return;
    try {
      process.kill(-child.pid, "SIGTERM");
    } catch {
      // The group has just ended by itself.
    }
  };
  signal.addEventListener("abort", end, { once: true });
  try {
    const [status] = await once(child, "close");
    signal.throwIfAborted();
    if (status !== 0) throw new ProgramFailed([program, ...args].join(" "), status, said.trim());
    return out;
  } finally {
    signal.removeEventListener("abort", end);
  }
}
