/**
 * Follows new events in the stream, to show what happens now. It uses an ordered consumer: nothing is acknowledged,
 * nothing is kept for a process that is away, and every replica gets all events. It makes no spans, because following
 * is not the work of any request.
 */

import { setTimeout as delay } from "node:timers/promises";
import { type Consumer, type ConsumerMessages, DeliverPolicy } from "@nats-io/jetstream";
import { ATTR } from "../../telemetry/conventions.ts";
import type { Logger } from "../../telemetry/log.ts";
import type { Following, FollowOptions } from "../broker.ts";
import { EVENTS_STREAM, type JetStream } from "./streams.ts";

interface Options extends FollowOptions {
  readonly jet: JetStream;
  readonly log: Logger;
}

/** How often the server is asked whether the consumer still exists; a loss is noticed after about this time. */
const EXPIRES_MS = 4_000;
const AGAIN_MS = 500;

/** Follows the stream from now on. Rejects when it is not there. Afterwards it survives any loss of the server. */
export async function followEvents(options: Options): Promise<Following> {
  const { jet, log, onGap } = options;
  const stopping = new AbortController();
  const { signal } = stopping;
  let opened = await open(jet);
  const follow = async () => {
    await hear(opened.messages, options);
    while (!signal.aborted) {
      await delay(AGAIN_MS, undefined, { signal }).catch(() => {});
      const again = signal.aborted ? undefined : await open(jet).catch(() => undefined);
      if (again === undefined) continue;
      opened = again;
      if (signal.aborted) await close(opened);
      log.info("the live events go on");
      // Reported only now, because all events from here on are heard.
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
 * Starts behind the last message that is in the stream now. It starts by number, not by "new": with "new", a consumer
 * that the client makes again before its first message would get the whole stream.
 */
async function open({ js, manager }: JetStream): Promise<Opened> {
  const { state } = await manager.streams.info(EVENTS_STREAM);
  const consumer = await js.consumers.get(EVENTS_STREAM, {
    deliver_policy: DeliverPolicy.StartSequence,
    opt_start_seq: state.last_seq + 1,
    filter_subjects: "events.>",
  });
  // Without this the client would look for a lost consumer for ever, also in a stream that was made again.
  const messages = await consumer.consume({ expires: EXPIRES_MS, abort_on_missing_resource: true });
  return { consumer, messages };
}

async function close({ consumer, messages }: Opened): Promise<void> {
  await messages.close();
  // The server would delete it only after some minutes.
  await consumer.delete().catch(() => {});
}

async function hear(messages: ConsumerMessages, { onEvent, log }: Options): Promise<void> {
  try {
    for await (const message of messages) {
      try {
        onEvent(message.subject.split(".").at(-1) ?? "", () => message.json());
      } catch (err) {
        log.warn({ err, [ATTR.destination]: message.subject }, "a live event was skipped");
      }
    }
  } catch (err) {
    log.warn({ err }, "the live events broke off");
  }
}
