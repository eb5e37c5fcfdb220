/**
 * Dead letters of messages that killed their consumer before it could say so: once the server has used up its deliveries
 * it only says which message that was. The saying itself is plain NATS and would be lost with whoever listens, so that a
 * stream keeps it, and whichever service comes first copies the message by its sequence.
 */
import type { JsMsg } from "@nats-io/jetstream";
import * as z from "zod";
import type { Logger } from "../../telemetry/log.ts";
import type { RunningConsumer } from "../consumer.ts";
import { bury, REDRIVEN } from "../dead-letters.ts";
import { ACK_WAIT_MS, takeFrom } from "./durable.ts";
import { ADVISORY_STREAM, EVENTS_STREAM, type Nats, readHead } from "./jetstream.ts";

/** What the server says. Its own names. */
const Advisory = z.object({
  stream: z.string(),
  consumer: z.string(),
  stream_seq: z.int(),
  deliveries: z.int(),
});

/** One durable for all services and replicas: each advisory is handled once. */
const DURABLE = {
  stream: ADVISORY_STREAM,
  name: "advisories",
  filter: "$JS.EVENT.ADVISORY.>",
  ackWaitMs: ACK_WAIT_MS,
  maxAckPending: 16,
  // For ever: behind it there is nobody who could take note.
  maxDeliver: 0,
};

/** Watches until stopped. Every service that consumes does. */
export async function startAdvisories({ nats, log }: { nats: Nats; log: Logger }): Promise<RunningConsumer> {
  const inHand = await takeFrom(nats, DURABLE, 16);
  const running = inHand.each(4, async (message) => {
    try {
      await copy(nats, message, log);
      message.ack();
    } catch (err) {
      log.error({ err }, "what killed its consumer could not be dead-lettered, it is tried again");
      message.nak(ACK_WAIT_MS);
    }
  });
  return { stop: () => inHand.stop(running) };
}

async function copy(nats: Nats, message: JsMsg, log: Logger): Promise<void> {
  const { stream, consumer, stream_seq: seq, deliveries } = Advisory.parse(message.json());
  const original = await nats.manager.streams.getMessage(stream, { seq });
  const id = `${stream}:${seq}:${consumer}`;
  if (!original) {
    log.warn({ message: id }, "gave up a message that is not in its stream any more");
    return;
  }
  const isEvent = stream === EVENTS_STREAM;
  const words = original.subject.split(".");
  // What was redriven says itself to whom: the durable of a queue is not called as its dead letters are.
  const owner = isEvent ? consumer : words.slice(1, -1).join(".");
  await bury(nats, {
    id,
    consumer: owner,
    group: owner.slice(0, owner.lastIndexOf("-")) || owner,
    type: words.slice(isEvent ? 2 : -1).join("."),
    reason: "max_deliveries",
    detail: `delivered ${deliveries} times, and its consumer never said how it went`,
    attempts: deliveries,
    lastAttempt: undefined,
    redriven: isEvent ? 0 : Number(original.header?.get(REDRIVEN) ?? 0),
    head: readHead(original.header, `${stream}.${seq}`),
    data: original.data,
  });
}
