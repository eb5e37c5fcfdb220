/** Starts a supervised child and waits until it is ready, as long as it moves. */
import { open } from "node:fs/promises";
import path from "node:path";
import { movementOf } from "../movement.ts";
import { errorFrom, Problem } from "../problem.ts";
import type { Reporter } from "../terminal/report.ts";
import { type Bounds, whileMoving } from "../while-moving.ts";
import { type Child, type ChildEvent, type ChildSpec, supervise } from "./supervise.ts";

export interface StartOptions {
  readonly report: Reporter;
  readonly signal: AbortSignal;
  /** `BOUNDS` without it. */
  readonly bounds?: Bounds;
  /** While it answers true, the child waits for something else, so it is neither probed nor timed out. */
  readonly isHeld?: () => boolean;
  /** Called at each start and unexpected exit, also later on. */
  readonly onEvent?: (event: ChildEvent) => void;
}

const TAIL_BYTES = 8_192;
const TAIL_LINES = 12;
const LAST_LINES = 3;

/** The last lines of a log file, each with two spaces in front; an empty string when there are none. */
export async function tailOf(logFile: string, most = TAIL_LINES): Promise<string> {
  const file = await open(logFile, "r").catch(() => null);
  if (!file) return "";
  try {
    const { size } = await file.stat();
    const { buffer, bytesRead } = await file.read({
      buffer: Buffer.alloc(TAIL_BYTES),
      position: Math.max(0, size - TAIL_BYTES),
    });
    const lines = buffer.subarray(0, bytesRead).toString("utf8").trimEnd().split("\n").slice(-most);
    return lines.map((line) => `  ${line}`).join("\n");
  } finally {
    await file.close();
  }
}

/** The last error of the probe, in brackets; empty without one. */
const reason = (last: unknown): string => (last === undefined ? "" : ` (${errorFrom(last).message})`);

/** A message with the end of the child's log below it. */
const withLog = async (what: string, spec: ChildSpec): Promise<string> =>
  `${what}; the end of ${spec.logFile}:\n${(await tailOf(spec.logFile)) || "  (empty)"}`;

/** Reports a restart or an exit of a child that has been ready. An exit by itself includes its last lines. */
async function tell(event: ChildEvent, { logFile }: ChildSpec, report: Reporter): Promise<void> {
  if (event.kind === "started") return report.say(`${event.name} runs again as process ${event.pid}`);
  const { name, status, restartInMs } = event;
  const where = path.relative(process.cwd(), logFile);
  const what = `${name} ended (${status}); starting it again in ${restartInMs} ms; its log: ${where}`;
  // A child that was killed from outside has not logged a reason.
  const last = status.startsWith("signal") ? "" : await tailOf(logFile, LAST_LINES);
  report.say(last ? `${what}\n${last}` : what);
}

/**
 * Starts `spec` and resolves to the child and the probe's result, once `probe` resolves to something other than
 * undefined. It waits as long as the child's log grows, the child uses the CPU, or `probe` throws a new error. A child
 * that exits before it is ready is a Problem that shows the end of its log; it is not restarted. Later exits are
 * reported and followed by restarts. On any failure nothing is left running.
 */
export async function startChild<T>(
  spec: ChildSpec,
  probe: (signal: AbortSignal) => Promise<T | undefined>,
  options: StartOptions,
): Promise<{ readonly child: Child; readonly seen: T }> {
  const died = new AbortController();
  let ready = false;
  const onEvent = (event: ChildEvent): void => {
    if (ready) void tell(event, spec, options.report).catch(() => {});
    else if (event.kind === "exited") died.abort(event.status);
    options.onEvent?.(event);
  };
  const done = options.report.begin(spec.name);
  let child: Child | undefined;
  try {
    options.signal.throwIfAborted();
    child = await supervise(spec, onEvent);
    const { pid } = child;
    const moves = movementOf(pid, spec.logFile);
    const { isHeld = () => false, bounds } = options;
    const look = async (signal: AbortSignal) => (isHeld() ? undefined : probe(signal));
    const seen = await whileMoving(look, {
      signal: AbortSignal.any([options.signal, died.signal]),
      hasMoved: async () => isHeld() || moves(),
      ...(bounds && { bounds }),
      onLate: async (how, last) =>
        new Problem("not_ready", await withLog(`${spec.name} was not ready ${how}${reason(last)}`, spec), {
          cause: last,
        }),
    });
    ready = true;
    return { child, seen };
  } catch (error) {
    await child?.stop();
    if (!died.signal.aborted || options.signal.aborted) throw error;
    const how = String(died.signal.reason);
    throw new Problem("part_died", await withLog(`${spec.name} ended while it was starting (${how})`, spec));
  } finally {
    done();
  }
}
