/** Dead letters and redriven messages, in two streams. */
import type { JsMsg } from "@nats-io/jetstream";
import type { Broker, Message, StoredMessage } from "../broker.ts";
import { entriesOf, headersWith, readable } from "./headers.ts";
import { DEAD_STREAM, type JetStream, REDRIVE_STREAM, STREAMS } from "./streams.ts";

/** The timeout for the stream's acknowledgement. Then the message is published again, with the same id. */
const PUBLISH_WITHIN_MS = 5_000;
const FETCH = { max_messages: 100, expires: 1_000 };

/** Resolves when the stream has stored it. */
export type Publish = (subject: string, stream: string, message: Message) => Promise<void>;

/** Publishes into `stream`. A message that another stream would take is refused. */
export const publishOn =
  ({ js }: JetStream): Publish =>
  async (subject, stream, { id, headers, data }) => {
    await js.publish(subject, data, {
      msgID: id,
      headers: headersWith(headers),
      expect: { streamName: stream },
      timeout: PUBLISH_WITHIN_MS,
    });
  };

export const lettersOn = (
  { js, manager }: JetStream,
  publish: Publish,
): Pick<Broker, "bury" | "letters" | "remove" | "redrive" | "read" | "deadLetters"> => ({
  bury: (owner, type, message) => publish(`dead.${owner}.${type}`, DEAD_STREAM, message),
  redrive: (owner, type, message) => publish(`redrive.${owner}.${type}`, REDRIVE_STREAM, message),

  letters: async function* () {
    const { state } = await manager.streams.info(DEAD_STREAM);
    if (state.messages === 0) return;
    const consumer = await js.consumers.get(DEAD_STREAM);
    try {
      // An empty fetch ends the list as well: the remaining letters may have been redriven meanwhile.
      for (let some = true; some; ) {
        some = false;
        for await (const message of await consumer.fetch(FETCH)) {
          if (message.seq > state.last_seq) return;
          yield stored(message);
          if (message.info.pending === 0) return;
          some = true;
        }
      }
    } finally {
      await consumer.delete();
    }
  },

  remove: async (place) => {
    const seq = seqOf(place);
    await manager.streams.deleteMessage(DEAD_STREAM, seq).catch(async (err) => {
      // No error if it is gone: another client has removed it at the same time.
      if (await manager.streams.getMessage(DEAD_STREAM, { seq })) throw err;
    });
  },

  read: async (place) => {
    const stream = STREAMS.find((one) => place.startsWith(`${one}:`));
    const found = stream && (await manager.streams.getMessage(stream, { seq: seqOf(place) }));
    return found?.data;
  },

  deadLetters: async () => {
    const { state } = await manager.streams.info(DEAD_STREAM, { subjects_filter: "dead.>" });
    const counts = new Map<string, number>();
    for (const [subject, count] of Object.entries(state.subjects ?? {})) {
      const owner = subject.split(".").slice(1, -1).join(".");
      counts.set(owner, (counts.get(owner) ?? 0) + count);
    }
    return counts;
  },
});

const seqOf = (place: string): number => Number(place.split(":")[1]);

function stored(message: JsMsg): StoredMessage {
  const head = readable(() => message.headers);
  const place = `${DEAD_STREAM}:${message.seq}`;
  return {
    id: head?.get("Nats-Msg-Id") || place,
    headers: entriesOf(head),
    data: message.data,
    place,
    storedMs: Number(message.timestampNanos / 1_000_000n),
  };
}
