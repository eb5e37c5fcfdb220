/**
 * Redrive: a dead letter is sent again, to the one consumer that failed. The event keeps its id, so that the inbox
 * knows an effect that it has had. The message gets a new id, because within the de-duplication window the stream would
 * silently drop the old one.
 */

import { BAGGAGE } from "../../telemetry/conventions.ts";
import { type Carrier, traceparentOf } from "../../telemetry/propagation.ts";
import type { Broker } from "../broker.ts";
import { writeHead } from "../head.ts";
import { type Buried, deadLetters, LAST_ATTEMPT, REDRIVE_OF, REDRIVEN, token } from "./dead-letters.ts";

export type { Buried };

/** The dead letters of a broker, for commands that list and redrive them. */
export interface DeadLetterOffice {
  /** Oldest first. */
  letters(): AsyncIterable<Buried>;
  redrive(letter: Buried): Promise<void>;
  close(): Promise<void>;
}

/** Takes `broker` over, and closes it in the end. Rejects when there is no place for dead letters. */
export async function officeOf(broker: Broker): Promise<DeadLetterOffice> {
  // It is not made here: the services make it, with the number of copies that they are told.
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
 * Sends `letter` again and removes it from the dead letters; if it fails again it becomes a new one. If this ends
 * between the two, the letter stays. The next redrive of it sends the same message id, and the inbox knows the event.
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
    // The consumer is part of the id, because two letters of the same event may be redriven within one window.
    id: `${head.eventId}:redrive:${times}:${consumer}`,
    headers,
    // Data that was too large for the dead letter is still at its origin. The owners of jobs and rows find them there.
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

/** The correlation id of a dead letter; empty without one. */
export function correlationIdOf({ head }: Pick<Buried, "head">): string {
  const entry = entriesOf(head.carrier).find((one) => nameOf(one) === BAGGAGE.correlationId) ?? "";
  return decoded(entry.slice(entry.indexOf("=") + 1).split(";", 1)[0]);
}

/** The carrier without the request's fault, so that a redrive can succeed. It works on text and needs no SDK. */
export function withoutFaults(carrier: Carrier): Carrier {
  const { baggage: _, ...rest } = carrier;
  const kept = entriesOf(carrier).filter((entry) => nameOf(entry) !== BAGGAGE.fault);
  return kept.length === 0 ? rest : { ...rest, baggage: kept.join(",") };
}
