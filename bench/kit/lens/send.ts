/** Sends spans from another process, so that the sender and the measuring process do not delay each other. */
import { fork } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import type { Shape } from "./spans.ts";

export interface SendPlan {
  /** The address for OTLP over HTTP. */
  readonly url: string;
  /** The number of spans, rounded up to whole groups (see spans.ts). */
  readonly spans: number;
  /** Of the requests; USUAL where nothing is given. */
  readonly shape?: Partial<Shape>;
  /** The highest rate; it is lower when lens does not take more. */
  readonly perSecond: number;
  readonly connections: number;
  /** Number of the first group; groups that were sent before would be duplicates. */
  readonly firstGroup: number;
}

export interface Sent {
  /** Spans that lens has accepted. */
  readonly spans: number;
  /** Requests that were refused for now (429, 503) and sent again. */
  readonly resent: number;
  /** Requests whose connection broke, and that were sent again. */
  readonly broken: number;
  readonly tookMs: number;
  /** The last group that lens has completely. */
  readonly lastGroup: number;
}

type Said = { readonly group: number } | { readonly sent: Sent };

/** Resolves when everything is sent. `onGroup` is called now and then with a group that lens has taken completely. */
export async function send(
  plan: SendPlan,
  signal: AbortSignal,
  onGroup: (group: number) => void = () => {},
): Promise<Sent> {
  signal.throwIfAborted();
  const child = fork(path.join(import.meta.dirname, "sender.ts"), [JSON.stringify(plan)], { execArgv: [] });
  const end = (): boolean => child.kill();
  signal.addEventListener("abort", end, { once: true });
  let outcome: Sent | undefined;
  child.on("message", (said: Said) => {
    if ("sent" in said) outcome = said.sent;
    else onGroup(said.group);
  });
  try {
    const [status] = await once(child, "exit");
    signal.throwIfAborted();
    if (!outcome) throw new Error(`the sender ended with status ${status} before it had sent everything`);
    return outcome;
  } finally {
    signal.removeEventListener("abort", end);
  }
}
