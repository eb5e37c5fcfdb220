/**
 * The event stream as it grows, for who wants to show what happens and has nothing to do with what has happened. An
 * ordered consumer: nothing is acknowledged, nothing is kept for a process that is away, and every replica hears all.
 * It makes no span: nobody's work is done here.
 */
import { setTimeout as delay } from "node:timers/promises";
import { type Consumer, type ConsumerMessages, DeliverPolicy } from "@nats-io/jetstream";
import type { Logger } from "../../telemetry/log.ts";
import { EVENTS_STREAM, type Nats } from "./jetstream.ts";

export interface LiveOptions {
  readonly nats: Nats;
  readonly log: Logger;
  /** Each event in the stream's order. `payload` parses it, so that what nobody waits for costs next to nothing. */
  readonly onEvent: (type: string, payload: () => unknown) => void;
  /** Events may have been missed. From here on all are heard again: who needs them looks elsewhere now. */
  readonly onGap: () => void;
}

export interface Live {
  stop(): Promise<void>;
}

/** How often the server is asked whether the consumer is still there; about as long a loss of it stays unseen. */
const EXPIRES_MS = 4_000;
const AGAIN_MS = 500;

/** Follows the stream from now on. Rejects when it is not there; afterwards survives whatever becomes of the server. */
export async function followEvents(options: LiveOptions): Promise<Live> {
  const { nats, log, onGap } = options;
  const stopping = new AbortController();
  const { signal } = stopping;
  let opened = await open(nats);
  const follow = async () => {
    await hear(opened.messages, options);
    while (!signal.aborted) {
      await delay(AGAIN_MS, undefined, { signal }).catch(() => {});
      const again = signal.aborted ? undefined : await open(nats).catch(() => undefined);
      if (again === undefined) continue;
      opened = again;
      if (signal.aborted) await close(opened);
      log.info("the live events go on");
      // Only now: what happens from here on is heard.
      onGap();
      await hear(opened.messages, options);
    }
  };
  const following = follow();
  return {
    stop: async () => {
      stopping.abort();
      await close(opened);
      await following;
    },
  };
}

interface Opened {
  readonly consumer: Consumer;
  readonly messages: ConsumerMessages;
}

/**
 * Begins behind what is in the stream now. By number, not by "new": a consumer that the client makes anew before it has
 * had a message would take "new" for the whole stream.
 */
async function open(nats: Nats): Promise<Opened> {
  const { state } = await nats.manager.streams.info(EVENTS_STREAM);
  const consumer = await nats.js.consumers.get(EVENTS_STREAM, {
    deliver_policy: DeliverPolicy.StartSequence,
    opt_start_seq: state.last_seq + 1,
    filter_subjects: "events.>",
  });
  // The client would look for a lost consumer for ever, also in a stream that has been made anew and counts from 1.
  const messages = await consumer.consume({ expires: EXPIRES_MS, abort_on_missing_resource: true });
  return { consumer, messages };
}

async function close({ consumer, messages }: Opened): Promise<void> {
  await messages.close();
  // The server would forget it by itself, in minutes.
  await consumer.delete().catch(() => {});
}

async function hear(messages: ConsumerMessages, { onEvent, log }: LiveOptions): Promise<void> {
  try {
    for await (const message of messages) {
      try {
        onEvent(message.subject.split(".").at(-1) ?? "", () => message.json());
      } catch (err) {
        log.warn({ err, subject: message.subject }, "a live event was left out");
      }
    }
  } catch (err) {
    log.warn({ err }, "the live events broke off");
  }
}
