/** A source's messages from its durable consumer. When the consumer or its stream is lost, it is made again. */

import { setTimeout as delay } from "node:timers/promises";
import type { ConsumerMessages, JsMsg } from "@nats-io/jetstream";
import { ATTR } from "../../telemetry/conventions.ts";
import type { Logger } from "../../telemetry/log.ts";
import type { ReceivedMessage, ReceiveOptions, Receiving, Source } from "../broker.ts";
import { entriesOf, readable } from "./headers.ts";
import { configOf, durableOf, EVENTS_STREAM, type JetStream } from "./streams.ts";
import { kindOf } from "./trouble.ts";

/** The server's `ack_wait`. Its default, 30 s, is too long for a playground. */
const LEASE_MS = 5_000;
/** How often the server is asked again; the loss of a consumer is noticed after about this time. */
const EXPIRES_MS = 10_000;
const AGAIN_MS = 500;

export interface NatsReceiveOptions extends ReceiveOptions {
  readonly log: Logger;
  /** Makes the streams again. */
  readonly ensure: () => Promise<void>;
}

/** Makes the durable, if it is not there, and receives from it. Rejects when the first try fails. */
export async function receive(
  { js, manager }: JetStream,
  source: Source,
  { ahead, leaseMs = LEASE_MS, log, ensure }: NatsReceiveOptions,
): Promise<Receiving> {
  const durable = durableOf(source);
  const { stream, name } = durable;
  const closing = new AbortController();
  const { signal } = closing;
  const open = async (): Promise<ConsumerMessages> => {
    await manager.consumers.add(stream, configOf(durable, leaseMs));
    const consumer = await js.consumers.get(stream, name);
    return consumer.consume({ max_messages: ahead, expires: EXPIRES_MS, abort_on_missing_resource: true });
  };
  let messages = await open();

  const pause = () => delay(AGAIN_MS, undefined, { signal }).catch(() => {});

  /**
   * Whether the durable is older than its stream. nats-server 2.9 lets a durable be made on a stream that is being
   * deleted. It outlives that stream, is found by its name in the next one, and never delivers.
   */
  const isLeftOver = async (): Promise<boolean> => {
    const [ofStream, ofConsumer] = await Promise.all([
      manager.streams.info(stream),
      manager.consumers.info(stream, name),
    ]);
    return Date.parse(ofConsumer.created) < Date.parse(ofStream.created);
  };

  /** Tries until the durable is there again. Undefined when closed meanwhile. */
  const reopened = async (): Promise<ConsumerMessages | undefined> => {
    // The pauses let a deletion end: a durable that is made during it would be left over.
    for (await pause(); !signal.aborted; await pause()) {
      try {
        await ensure();
        const again = await open();
        await pause();
        if (!signal.aborted && !(await isLeftOver())) return again;
        await discard(again);
        if (!signal.aborted) await manager.consumers.delete(stream, name);
      } catch (err) {
        if (kindOf(err) === "refused")
          log.error({ err, [ATTR.subscription]: name }, "the durable consumer is refused");
      }
    }
    return undefined;
  };

  let isRead = false;
  async function* all(): AsyncGenerator<ReceivedMessage> {
    isRead = true;
    for (;;) {
      try {
        for await (const message of messages) yield received(message);
        return;
      } catch (err) {
        if (signal.aborted) return;
        log.warn({ err, [ATTR.subscription]: name }, "the durable consumer is lost, it is made again");
      }
      const again = await reopened();
      if (!again) return;
      messages = again;
      log.info({ [ATTR.subscription]: name }, "the durable consumer is there again");
    }
  }

  return {
    leaseMs,
    [Symbol.asyncIterator]: all,
    close: async () => {
      closing.abort();
      await (isRead ? messages.close() : discard(messages));
      // nats-server 2.9 sends messages that are given back to old requests without a listener, where they are lost
      // until their lease ends. Asking for the consumer's state makes the server drop those requests.
      await manager.consumers.info(stream, name).catch(() => {});
    },
  };
}

/** Closes an iterator without a reader. The client cannot do that, so it is read here and its messages are nacked. */
async function discard(messages: ConsumerMessages): Promise<void> {
  const closed = messages.close();
  for await (const message of messages) message.nak();
  await closed;
}

/** The lane in a subject; a subject from elsewhere may have none. */
function laneOf(word = ""): number | undefined {
  const lane = /^p(\d{1,4})$/.exec(word)?.[1];
  return lane === undefined ? undefined : Number(lane);
}

function received(message: JsMsg): ReceivedMessage {
  const { stream, deliveryCount } = message.info;
  // `events.p<lane>.<type>` and `redrive.<owner>.<type>`; the owner may contain dots.
  const words = message.subject.split(".");
  const isEvent = stream === EVENTS_STREAM;
  return {
    place: `${stream}:${message.seq}`,
    destination: message.subject,
    type: words.slice(isEvent ? 2 : -1).join("."),
    lane: isEvent ? laneOf(words[1]) : undefined,
    headers: entriesOf(readable(() => message.headers)),
    data: message.data,
    storedMs: Number(message.timestampNanos / 1_000_000n),
    deliveries: deliveryCount,
    ack: () => message.ack(),
    again: (afterMs) => message.nak(afterMs),
    giveBack: () => message.nak(),
    // Without a reason: nats-server 2.9 ignores a term with one and redelivers the message.
    done: () => message.term(),
    alive: () => message.working(),
  };
}
