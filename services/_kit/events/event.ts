/** Events as their handlers get them. */
import { AppError } from "../process/errors.ts";
import type { ReceivedMessage } from "./broker.ts";

/** An event as a handler gets it. */
export interface Event {
  /** The same in every delivery: the inbox's key. */
  readonly id: string;
  readonly type: string;
  /** Parsed JSON, not yet checked. */
  readonly payload: unknown;
}

export type Handle = (event: Event) => Promise<void>;

const UTF8 = new TextDecoder("utf-8", { fatal: true });

/** A message's data as JSON. Fails with `malformed`, which is not retried. */
export function payloadOf(message: ReceivedMessage): unknown {
  try {
    return JSON.parse(UTF8.decode(message.data));
  } catch (cause) {
    throw new AppError("malformed", "the message is not JSON", { cause });
  }
}
