/** A thread of lens: started until it is ready, told things, and ended. */
import { type Transferable, Worker } from "node:worker_threads";
import type { Logger } from "pino";
import type { LogLine } from "./messages.ts";

/** Memory of a thread's own objects; what is stored and received lies outside. */
const LIMITS = { maxYoungGenerationSizeMb: 8, maxOldGenerationSizeMb: 192 };

export class Thread<In, Out extends object> {
  readonly #worker: Worker;
  /** Rejects when the thread ends without having been told to. */
  readonly failed: Promise<never>;
  #isEnding = false;

  /**
   * `name`: as the system shows it, 15 characters at most. `entry`: the thread's file. `onMessage`: told of all that it
   * says but lines for the log.
   */
  constructor(
    about: { readonly name: string; readonly entry: URL; readonly data: unknown; readonly log: Logger },
    transfer: readonly Transferable[],
    onMessage: (message: Exclude<Out, LogLine>) => void,
  ) {
    const { name, entry, data, log } = about;
    this.#worker = new Worker(entry, {
      name,
      workerData: data,
      transferList: [...transfer],
      // Below 24.3 Node says in every thread that it strips types, which all of the project rests on.
      execArgv: ["--disable-warning=ExperimentalWarning"],
      resourceLimits: LIMITS,
    });
    this.#worker.on("message", (message: Out) => {
      if (isLogLine(message)) log[message.log.level](message.log.fields, message.log.text);
      else onMessage(message as Exclude<Out, LogLine>);
    });
    this.failed = new Promise((_, reject) => {
      this.#worker.once("error", (cause) =>
        reject(cause instanceof Error ? cause : new Error(String(cause))),
      );
      this.#worker.once("exit", (code) => {
        if (!this.#isEnding) reject(new Error(`${name} ended by itself, with status ${code}`));
      });
    });
    // Its rejection is seen where it is awaited; a thread that was told to end may fail.
    this.failed.catch(() => {});
  }

  tell(message: In, transfer: readonly Transferable[] = []): void {
    this.#worker.postMessage(message, [...transfer]);
  }

  /** Ends the thread at once, whatever it does. */
  async end(): Promise<void> {
    this.#isEnding = true;
    await this.#worker.terminate();
  }
}

const isLogLine = (message: object): message is LogLine => "log" in message;
