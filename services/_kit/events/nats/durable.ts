/** A durable consumer: where a group stands in a stream, kept by the server and shared by all replicas. */
import { AckPolicy, DeliverPolicy } from "@nats-io/jetstream";
import { nanos } from "@nats-io/transport-node";
import { InHand } from "../in-hand.ts";
import { EVENTS_STREAM, type Nats, REDRIVE_STREAM } from "./jetstream.ts";

export interface Durable {
  readonly stream: string;
  readonly name: string;
  /** One subject, wildcards allowed: several need nats-server 2.10. */
  readonly filter: string;
  /** After this long without a word the server delivers a message again. */
  readonly ackWaitMs: number;
  /** How many may be out and not acknowledged. 1 keeps the order, whatever is given back or delivered again. */
  readonly maxAckPending: number;
  /** The server's own bound on deliveries; 0 for none. */
  readonly maxDeliver: number;
}

export const ACK_WAIT_MS = 5_000;
export const MAX_ATTEMPTS = 5;
/** Ours is the bound on attempts; the server's is for messages that kill their consumer before it can say so. */
const MAX_DELIVER = MAX_ATTEMPTS + 3;

/** The durable of a group for what its filter matches of the events. */
export const ofEvents = (
  name: string,
  filter: string,
  maxAckPending: number,
  ackWaitMs = ACK_WAIT_MS,
): Durable => ({ stream: EVENTS_STREAM, name, filter, ackWaitMs, maxAckPending, maxDeliver: MAX_DELIVER });

/**
 * Its twin, for what the durable (or whatever else is called `name`) gave up and somebody sent once more. One at a time:
 * a redrive is rare and nobody's hurry.
 */
export const ofRedrives = (name: string): Durable => ({
  stream: REDRIVE_STREAM,
  name: name.replaceAll(".", "-"),
  filter: `redrive.${name}.>`,
  ackWaitMs: ACK_WAIT_MS,
  maxAckPending: 1,
  maxDeliver: MAX_DELIVER,
});

/** Makes sure that the durable exists, and takes its messages, about `ahead` at a time. */
export async function takeFrom(nats: Nats, durable: Durable, ahead: number): Promise<InHand> {
  const { stream, name } = durable;
  await nats.manager.consumers.add(stream, {
    durable_name: name,
    ack_policy: AckPolicy.Explicit,
    deliver_policy: DeliverPolicy.All,
    filter_subject: durable.filter,
    ack_wait: nanos(durable.ackWaitMs),
    max_deliver: durable.maxDeliver || -1,
    max_ack_pending: durable.maxAckPending,
  });
  const consumer = await nats.js.consumers.get(stream, name);
  const messages = await consumer.consume({ max_messages: ahead });
  return new InHand(messages, durable.ackWaitMs, () => nats.manager.consumers.info(stream, name));
}
