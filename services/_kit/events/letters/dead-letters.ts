/**
 * Dead letters: messages, jobs and outbox rows that ran out of attempts or that no retry can help. Each is kept as a
 * message with the reason and with all that a redrive needs.
 */
import type { SpanContext } from "@opentelemetry/api";
import { spanContextOf, traceparentOf } from "../../telemetry/propagation.ts";
import type { Broker, Headers, StoredMessage } from "../broker.ts";
import { type EventHead, readHead, writeHead } from "../head.ts";

export interface DeadLetter {
  /**
   * Its origin: `<place>:<source>`, `job:<queue>:<id>`, `outbox:<database>:<row>`. Also the id of the message that it
   * is stored as, so that it is stored once even if it is buried twice.
   */
  readonly id: string;
  /** The consumer that failed, which gets it back: a source's name, `job.<queue>` or `outbox.<database>`. */
  readonly consumer: string;
  readonly group: string;
  readonly type: string;
  /** One low-cardinality word. */
  readonly reason: string;
  /** For a person to read. */
  readonly detail: string;
  readonly attempts: number;
  /** The span of the last attempt, if its process did not die. */
  readonly lastAttempt: SpanContext | undefined;
  /** How often it has been redriven. */
  readonly redriven: number;
  readonly head: EventHead;
  /** Undefined when it is too large for a message. Then it is still at the origin that `id` names. */
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

/** More than all headers of a dead letter. They count towards the server's size limit of a message. */
const HEAD_BYTES = 40_960;
const MAX_TEXT = 400;

/** Makes text fit for a header: one line of limited length. */
const line = (text: string): string =>
  text
    .replace(/\p{Cc}/gu, " ")
    .trim()
    .slice(0, MAX_TEXT);

/** Makes any text fit for a part of a subject. */
export const token = (text: string): string => text.replace(/[^\w-]/g, "_").slice(0, 100) || "_";

/** Stores it among the dead letters. Resolves when it is stored, also when it had been before. */
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
  /** The place of the letter itself. */
  readonly place: string;
  readonly atMs: number;
}

/** All dead letters that are there now, oldest first, one at a time, because together they may be large. */
export async function* deadLetters(broker: Broker): AsyncGenerator<Buried> {
  for await (const message of broker.letters()) yield letterOf(message);
}

function letterOf({ id, headers, data, place, storedMs }: StoredMessage): Buried {
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

/** How often the message with these headers has been redriven. */
export const redrivenOf = (headers: Headers): number => Number(headers[REDRIVEN] || 0);
