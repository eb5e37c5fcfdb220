/** The headers of an event's message. */
import { type Carrier, carrierOf } from "../telemetry/propagation.ts";

const EVENT_ID = "Baton-Event-Id";
const CREATED = "Baton-Created-Ms";
const SENT = "Baton-Sent-Ms";

/** What the headers of an event contain. */
export interface EventHead {
  /** The same each time that the event is sent. */
  readonly eventId: string;
  /** The creation context. */
  readonly carrier: Carrier;
  /** Unix ms; undefined when a message does not say it. */
  readonly createdMs: number | undefined;
  readonly sentMs: number | undefined;
}

export function writeHead(head: EventHead): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [key, value] of Object.entries(head.carrier)) headers[key] = value;
  headers[EVENT_ID] = head.eventId;
  if (head.createdMs !== undefined) headers[CREATED] = String(head.createdMs);
  if (head.sentMs !== undefined) headers[SENT] = String(head.sentMs);
  return headers;
}

/** Ids become keys of a table and headers. One that others have made may be any text. */
const PLAIN_ID = /^[\x21-\x7e]{1,200}$/;

/** Reads what `writeHead` wrote. Missing and invalid values are left out. Without a valid id the id is `nameless`. */
export function readHead(headers: Readonly<Record<string, string>>, nameless: string): EventHead {
  const ms = (name: string) => {
    const value = Number(headers[name] || Number.NaN);
    return Number.isSafeInteger(value) && value > 0 ? value : undefined;
  };
  const eventId = headers[EVENT_ID] ?? "";
  return {
    eventId: PLAIN_ID.test(eventId) ? eventId : nameless,
    carrier: carrierOf(headers),
    createdMs: ms(CREATED),
    sentMs: ms(SENT),
  };
}
