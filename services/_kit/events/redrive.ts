/**
 * Redrive: a dead letter is sent once more, to the one consumer that gave it up. The event keeps its id, so that the inbox
 * knows an effect that it has had; the message gets a new one, because within the de-duplication window the stream would
 * drop the old one silently.
 */

import { BAGGAGE } from "../telemetry/correlation.ts";
import type { Carrier } from "../telemetry/propagation.ts";
import {
  type Buried,
  deadLetters,
  LAST_ATTEMPT,
  REDRIVE_OF,
  REDRIVEN,
  token,
  traceparentOf,
} from "./dead-letters.ts";
import {
  connectNats,
  DEAD_STREAM,
  EVENTS_STREAM,
  type Nats,
  PUBLISH_WITHIN_MS,
  REDRIVE_STREAM,
  writeHead,
} from "./nats/jetstream.ts";

export type { Buried };

/** The dead letters of a NATS server, for whoever knows its address and nothing of streams. */
export interface DeadLetterOffice {
  /** Oldest first. */
  letters(): AsyncIterable<Buried>;
  redrive(letter: Buried): Promise<void>;
  close(): Promise<void>;
}

/** `url`: nats://[user:password@]host:port. */
export async function openDeadLetters(url: string): Promise<DeadLetterOffice> {
  const nats = await connectNats(url, "redrive");
  // Made by the services, with as many copies as they were told: not by whoever looks.
  await nats.manager.streams.info(DEAD_STREAM).catch(async (err) => {
    await nats.close();
    throw err;
  });
  return {
    letters: () => deadLetters(nats),
    redrive: (letter) => redrive(nats, letter),
    close: () => nats.close(),
  };
}

/**
 * Sends `letter` once more and takes it out of the dead letters: if it fails again it is a new one. Ended between the two,
 * it stays; the message that is sent for it the next time has the same id, and the inbox.
 */
export async function redrive(nats: Nats, letter: Buried): Promise<void> {
  const { consumer, type, lastAttempt, head } = letter;
  const times = letter.redriven + 1;
  // `writeHead` knows our headers only: what began with `Nats-` is left behind.
  const sent = writeHead({ ...head, carrier: withoutFaults(head.carrier) });
  sent.set(REDRIVEN, String(times));
  sent.set(REDRIVE_OF, letter.id);
  if (lastAttempt) sent.set(LAST_ATTEMPT, traceparentOf(lastAttempt));
  await nats.js.publish(`redrive.${consumer}.${token(type)}`, await dataOf(nats, letter), {
    // With the consumer: two that gave up the same event are redriven within one window, perhaps.
    msgID: `${head.eventId}:redrive:${times}:${consumer}`,
    headers: sent,
    expect: { streamName: REDRIVE_STREAM },
    timeout: PUBLISH_WITHIN_MS,
  });
  const { streams } = nats.manager;
  await streams.deleteMessage(DEAD_STREAM, letter.seq).catch(async (err) => {
    // Unless it is gone: somebody else redrove it at the same time.
    if (await streams.getMessage(DEAD_STREAM, { seq: letter.seq })) throw err;
  });
}

/** What was too large to be kept with the dead letter is still in its stream; jobs and rows are found by their owners. */
async function dataOf(nats: Nats, { id, data }: Buried): Promise<Uint8Array | undefined> {
  const [stream = "", seq] = id.split(":");
  if (data !== undefined || (stream !== EVENTS_STREAM && stream !== REDRIVE_STREAM)) return data;
  const original = await nats.manager.streams.getMessage(stream, { seq: Number(seq) });
  return original?.data;
}

const decoded = (text = ""): string => {
  try {
    return decodeURIComponent(text.trim());
  } catch {
    return text.trim();
  }
};
const entriesOf = ({ baggage = "" }: Carrier): string[] => baggage.split(",").filter((entry) => entry !== "");
const nameOf = (entry: string): string => decoded(entry.split("=", 1)[0]);

/** The correlation id of what was given up; empty without one. */
export function correlationIdOf({ head }: Pick<Buried, "head">): string {
  const entry = entriesOf(head.carrier).find((one) => nameOf(one) === BAGGAGE.correlationId) ?? "";
  return decoded(entry.slice(entry.indexOf("=") + 1).split(";", 1)[0]);
}

/** The carrier without the fault that was asked for: what is sent again is to succeed. On the text, so that it needs no SDK. */
export function withoutFaults(carrier: Carrier): Carrier {
  const { baggage: _, ...rest } = carrier;
  const kept = entriesOf(carrier).filter((entry) => nameOf(entry) !== BAGGAGE.fault);
  return kept.length === 0 ? rest : { ...rest, baggage: kept.join(",") };
}
