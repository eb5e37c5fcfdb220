/** Runs programs to their end, with a bound on their time and output. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { patient } from "../patience.ts";

const run = promisify(execFile);

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly timeoutMs?: number;
}

/** The output of `command`. Rejects with its error output when it fails or takes longer than 5 minutes. */
export async function output(
  command: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<string> {
  const { timeoutMs = patient(300_000), ...rest } = options;
  try {
    const { stdout } = await run(command, args, { ...rest, timeout: timeoutMs, maxBuffer: 1 << 26 });
    return stdout;
  } catch (cause) {
    const { stderr = "", stdout = "" } = cause as { stderr?: string; stdout?: string };
    const said = `${stdout}\n${stderr}`.trim().slice(-4_000);
    throw new Error(`${command} ${args.join(" ")} failed:\n${said || String(cause)}`, { cause });
  }
}
