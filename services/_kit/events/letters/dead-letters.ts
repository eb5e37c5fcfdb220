/**
 * Dead letters: what was given up, wherever it was given up, kept as a message that says why and holds all that it takes
 * to send it once more.
 */
import type { SpanContext } from "@opentelemetry/api";
import { spanContextOf, traceparentOf } from "../../telemetry/propagation.ts";
import type { Broker, Headers, StoredMessage } from "../broker.ts";
import { type EventHead, readHead, writeHead } from "../head.ts";

export interface DeadLetter {
  /**
   * Where it lay: `<place>:<source>`, `job:<queue>:<id>`, `outbox:<database>:<row>`. Also the id of the message that it is
   * stored as, so that giving something up twice is once.
   */
  readonly id: string;
  /** Who gave it up and gets it back: a source's name, `job.<queue>` or `outbox.<database>`. */
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

/** Puts it among the dead letters; resolves when it is stored there, also when it was before. */
export async function bury(broker: Broker, letter: DeadLetter): Promise<void> {
  const headers = writeHead(letter.head);
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
  for (const [name, value] of Object.entries(facts)) headers[name] = line(value);
  const fits = letter.data !== undefined && letter.data.byteLength <= broker.maxMessageBytes - HEAD_BYTES;
  if (!fits) headers[DEAD.kept] = "at its origin";
  await broker.bury(letter.consumer, token(letter.type), {
    id: line(letter.id),
    headers,
    data: fits ? letter.data : undefined,
  });
}

/** A dead letter as the broker holds it. */
export interface Buried extends DeadLetter {
  /** Of the letter itself. */
  readonly place: string;
  readonly atMs: number;
}

/** All dead letters that are there now, oldest first, one at a time: together they may be large. */
export async function* deadLetters(broker: Broker): AsyncGenerator<Buried> {
  for await (const message of broker.letters()) yield exhume(message);
}

function exhume({ id, headers, data, place, storedMs }: StoredMessage): Buried {
  const get = (name: string) => headers[name] ?? "";
  return {
    id,
    consumer: get(DEAD.consumer),
    group: get(DEAD.group),
    type: get(DEAD.type),
    reason: get(DEAD.reason),
    detail: get(DEAD.detail),
    attempts: Number(get(DEAD.attempts)),
    lastAttempt: spanContextOf(get(DEAD.span)),
    redriven: Number(get(REDRIVEN)),
    head: readHead(headers, id),
    data: get(DEAD.kept) === "" ? data : undefined,
    place,
    atMs: storedMs,
  };
}

/** How often what these headers belong to has been sent once more. */
export const redrivenOf = (headers: Headers): number => Number(headers[REDRIVEN] || 0);
