/**
 * Dead letters: what was given up, wherever it was given up, kept as a message that says why and holds all that it takes
 * to send it once more.
 */
import type { JsMsg } from "@nats-io/jetstream";
import type { SpanContext } from "@opentelemetry/api";
import { parseTraceParent } from "@opentelemetry/core";
import {
  DEAD_STREAM,
  type EventHead,
  headersOf,
  type Nats,
  PUBLISH_WITHIN_MS,
  readHead,
  writeHead,
} from "./nats/jetstream.ts";

export interface DeadLetter {
  /**
   * Where it lay: `<stream>:<sequence>:<durable>`, `job:<queue>:<id>`, `outbox:<database>:<row>`. The dead-letter stream's
   * message id, so that giving something up twice is once.
   */
  readonly id: string;
  /** Who gave it up and gets it back: a durable's name, `job.<queue>` or `outbox.<database>`. */
  readonly consumer: string;
  readonly group: string;
  readonly type: string;
  /** One low-cardinality word. */
  readonly reason: string;
  /** For a person to read. */
  readonly detail: string;
  readonly attempts: number;
  /** The span of the last attempt, when it lived to tell. */
  readonly lastAttempt: SpanContext | undefined;
  /** How often it has been sent once more. */
  readonly redriven: number;
  readonly head: EventHead;
  /** Undefined when it is too large for a message: it is still where `id` says. */
  readonly data: Uint8Array | undefined;
}

const DEAD = {
  consumer: "Baton-Dead-Consumer",
  group: "Baton-Dead-Group",
  type: "Baton-Dead-Type",
  reason: "Baton-Dead-Reason",
  detail: "Baton-Dead-Detail",
  attempts: "Baton-Dead-Attempts",
  /** Also on a redriven message: its span links there. */
  span: "Baton-Dead-Span",
  /** Set when the data was left out. */
  kept: "Baton-Dead-Kept",
} as const;
export const REDRIVEN = "Baton-Redriven";
export const LAST_ATTEMPT = DEAD.span;
/** On a redriven message: the dead letter's id. */
export const REDRIVE_OF = "Baton-Redrive-Of";

/** More than all headers of a dead letter: they count against the server's bound on a message. */
const HEAD_BYTES = 40_960;
const MAX_TEXT = 400;

/** Fit for a header: one line, bounded. */
const line = (text: string): string =>
  text
    .replace(/\p{Cc}/gu, " ")
    .trim()
    .slice(0, MAX_TEXT);

/** Fit for a place in a subject: whatever a stranger called it. */
export const token = (text: string): string => text.replace(/[^\w-]/g, "_").slice(0, 100) || "_";

export const traceparentOf = ({ traceId, spanId, traceFlags }: SpanContext): string =>
  `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, "0")}`;

/** Puts it among the dead letters; resolves when it is stored there, also when it was before. */
export async function bury(nats: Nats, letter: DeadLetter): Promise<void> {
  const head = writeHead(letter.head);
  const facts = {
    [DEAD.consumer]: letter.consumer,
    [DEAD.group]: letter.group,
    [DEAD.type]: letter.type,
    [DEAD.reason]: letter.reason,
    [DEAD.detail]: letter.detail,
    [DEAD.attempts]: String(letter.attempts),
    [REDRIVEN]: String(letter.redriven),
    ...(letter.lastAttempt ? { [DEAD.span]: traceparentOf(letter.lastAttempt) } : {}),
  };
  for (const [name, value] of Object.entries(facts)) head.set(name, line(value));
  const most = (nats.connection.info?.max_payload ?? 1_048_576) - HEAD_BYTES;
  const fits = letter.data !== undefined && letter.data.byteLength <= most;
  if (!fits) head.set(DEAD.kept, "at its origin");
  await nats.js.publish(`dead.${letter.consumer}.${token(letter.type)}`, fits ? letter.data : undefined, {
    msgID: line(letter.id),
    headers: head,
    expect: { streamName: DEAD_STREAM },
    timeout: PUBLISH_WITHIN_MS,
  });
}

/** A dead letter as the stream holds it. */
export interface Buried extends DeadLetter {
  readonly seq: number;
  readonly atMs: number;
}

const FETCH = { max_messages: 100, expires: 1_000 };

/** All dead letters that are there now, oldest first, one at a time: together they may be large. */
export async function* deadLetters(nats: Nats): AsyncGenerator<Buried> {
  const { state } = await nats.manager.streams.info(DEAD_STREAM);
  if (state.messages === 0) return;
  const consumer = await nats.js.consumers.get(DEAD_STREAM);
  try {
    // An empty fetch ends it, too: what was there a moment ago may have been redriven by somebody else.
    for (let some = true; some; ) {
      some = false;
      for await (const message of await consumer.fetch(FETCH)) {
        if (message.seq > state.last_seq) return;
        yield exhume(message);
        if (message.info.pending === 0) return;
        some = true;
      }
    }
  } finally {
    await consumer.delete();
  }
}

function exhume(message: JsMsg): Buried {
  const head = headersOf(message);
  const get = (name: string) => head?.get(name) ?? "";
  const id = get("Nats-Msg-Id") || `${DEAD_STREAM}.${message.seq}`;
  return {
    id,
    consumer: get(DEAD.consumer),
    group: get(DEAD.group),
    type: get(DEAD.type),
    reason: get(DEAD.reason),
    detail: get(DEAD.detail),
    attempts: Number(get(DEAD.attempts)),
    lastAttempt: lastAttemptOf(get(DEAD.span)),
    redriven: Number(get(REDRIVEN)),
    head: readHead(head, id),
    data: get(DEAD.kept) === "" ? message.data : undefined,
    seq: message.seq,
    atMs: Number(message.timestampNanos / 1_000_000n),
  };
}

/** The span that a header names; none when it is missing or broken. */
export function lastAttemptOf(traceparent: string): SpanContext | undefined {
  const found = parseTraceParent(traceparent);
  return found ? { ...found, isRemote: true } : undefined;
}
