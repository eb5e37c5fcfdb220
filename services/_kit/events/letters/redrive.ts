/**
 * Redrive: a dead letter is sent once more, to the one consumer that gave it up. The event keeps its id, so that the inbox
 * knows an effect that it has had; the message gets a new one, because within the de-duplication window the stream would
 * drop the old one silently.
 */

import { BAGGAGE } from "../../telemetry/conventions.ts";
import { type Carrier, traceparentOf } from "../../telemetry/propagation.ts";
import type { Broker } from "../broker.ts";
import { writeHead } from "../head.ts";
import { type Buried, deadLetters, LAST_ATTEMPT, REDRIVE_OF, REDRIVEN, token } from "./dead-letters.ts";

export type { Buried };

/** The dead letters of a broker, for whoever is to look at them and to send them once more. */
export interface DeadLetterOffice {
  /** Oldest first. */
  letters(): AsyncIterable<Buried>;
  redrive(letter: Buried): Promise<void>;
  close(): Promise<void>;
}

/** Takes `broker` over, and closes it with itself. Rejects when there is no place for dead letters. */
export async function officeOf(broker: Broker): Promise<DeadLetterOffice> {
  // Made by the services, with as many copies as they were told: not by whoever looks.
  await broker.deadLetters().catch(async (err) => {
    await broker.close();
    throw err;
  });
  return {
    letters: () => deadLetters(broker),
    redrive: (letter) => redrive(broker, letter),
    close: () => broker.close(),
  };
}

/**
 * Sends `letter` once more and takes it out of the dead letters: if it fails again it is a new one. Ended between the two,
 * it stays; the message that is sent for it the next time has the same id, and the inbox.
 */
export async function redrive(broker: Broker, letter: Buried): Promise<void> {
  const { consumer, type, lastAttempt, head } = letter;
  const times = letter.redriven + 1;
  const headers: Record<string, string> = {
    ...writeHead({ ...head, carrier: withoutFaults(head.carrier) }),
    [REDRIVEN]: String(times),
    [REDRIVE_OF]: letter.id,
  };
  if (lastAttempt) headers[LAST_ATTEMPT] = traceparentOf(lastAttempt);
  await broker.redrive(consumer, token(type), {
    // With the consumer: two that gave up the same event are redriven within one window, perhaps.
    id: `${head.eventId}:redrive:${times}:${consumer}`,
    headers,
    // What was too large to be kept with the dead letter still lies at its place; jobs and rows are found by their owners.
    data: letter.data ?? (await broker.read(letter.id)),
  });
  await broker.remove(letter.place);
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
