/** Reads the memory of a Node process that was started with `--inspect`, after a garbage collection. */
import { once } from "node:events";
import { readFile } from "node:fs/promises";

/** The flag: any free port, on this machine only. */
export const INSPECT = "--inspect=127.0.0.1:0";

export interface Memory {
  readonly heapMb: number;
  /** Outside the heap: buffers. */
  readonly externalMb: number;
  readonly residentMb: number;
}

const MB = 2 ** 20;

/** Calls methods of the protocol, one after the other, over one connection. */
class Inspector {
  readonly #socket: WebSocket;
  #last = 0;

  constructor(socket: WebSocket) {
    this.#socket = socket;
  }

  async call(method: string, params: object = {}): Promise<unknown> {
    const id = ++this.#last;
    this.#socket.send(JSON.stringify({ id, method, params }));
    for (;;) {
      const [{ data }] = (await once(this.#socket, "message")) as [MessageEvent];
      const answer = JSON.parse(String(data)) as {
        id?: number;
        result?: unknown;
        error?: { message: string };
      };
      if (answer.id !== id) continue;
      if (answer.error) throw new Error(`${method}: ${answer.error.message}`);
      return answer.result;
    }
  }
}

/** The memory of the process that writes to `logFile`. Node logs the inspector's address there at the start. */
export async function memoryOf(logFile: string): Promise<Memory> {
  const address = /Debugger listening on (ws:\S+)/.exec(await readFile(logFile, "utf8"))?.[1];
  if (!address) throw new Error(`${logFile} does not say where the process can be inspected`);
  const socket = new WebSocket(address);
  try {
    await once(socket, "open");
    const inspector = new Inspector(socket);
    await inspector.call("HeapProfiler.enable");
    // Twice: some objects that the first collection releases are only freed by the second.
    await inspector.call("HeapProfiler.collectGarbage");
    await inspector.call("HeapProfiler.collectGarbage");
    const expression = "JSON.stringify(process.memoryUsage())";
    const { result } = (await inspector.call("Runtime.evaluate", { expression })) as {
      result: { value: string };
    };
    const usage = JSON.parse(result.value) as NodeJS.MemoryUsage;
    return { heapMb: usage.heapUsed / MB, externalMb: usage.external / MB, residentMb: usage.rss / MB };
  } finally {
    socket.close();
  }
}
