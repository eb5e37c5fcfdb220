/** Looks into the main thread of a Node process that was started with `--inspect`. */
import { once } from "node:events";
import { readFile } from "node:fs/promises";

/** The flag: any free port, on this machine only. */
export const INSPECT = "--inspect=127.0.0.1:0";

/** How long the event loop was held up, in milliseconds. */
export interface Pauses {
  /** Of a thousand rounds the second longest is below this. */
  readonly p999Ms: number;
  readonly longestMs: number;
}

const START = `globalThis.benchPauses = process.getBuiltinModule("node:perf_hooks").monitorEventLoopDelay({ resolution: 1 });
benchPauses.enable();`;
const READ = "JSON.stringify([benchPauses.percentile(99.9), benchPauses.max]); ";
const RESET = "benchPauses.reset();";

/** Evaluates `expression` in the process that writes to `logFile`, where Node says the inspector's address. */
async function evaluate(logFile: string, expression: string): Promise<unknown> {
  const address = /Debugger listening on (ws:\S+)/.exec(await readFile(logFile, "utf8"))?.[1];
  if (!address) throw new Error(`${logFile} does not say where the process can be inspected`);
  const socket = new WebSocket(address);
  try {
    await once(socket, "open");
    socket.send(JSON.stringify({ id: 1, method: "Runtime.evaluate", params: { expression } }));
    const [{ data }] = (await once(socket, "message")) as [MessageEvent];
    const answer = JSON.parse(String(data)) as {
      result?: { result?: { value?: unknown }; exceptionDetails?: { text: string } };
      error?: { message: string };
    };
    const wrong = answer.error?.message ?? answer.result?.exceptionDetails?.text;
    if (wrong !== undefined) throw new Error(`the process that is measured could not be asked: ${wrong}`);
    return answer.result?.result?.value;
  } finally {
    socket.close();
  }
}

/** Begins to measure the pauses of the main thread of the process that writes to `logFile`. */
export async function measurePauses(logFile: string): Promise<void> {
  await evaluate(logFile, START);
}

/** The pauses since the last call, or since they are measured. */
export async function pausesOf(logFile: string): Promise<Pauses> {
  const [p999, longest] = JSON.parse(String(await evaluate(logFile, READ))) as [number, number];
  await evaluate(logFile, RESET);
  return { p999Ms: p999 / 1e6, longestMs: longest / 1e6 };
}
