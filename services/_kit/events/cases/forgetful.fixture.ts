/**
 * A broker without history: a group exists from when it is ensured or first receives, and gets only what is published
 * after that. Queues to which a publisher fans out are of this kind.
 */
import { setImmediate as turn } from "node:timers/promises";
import { type Broker, nameOf, type Source } from "../broker.ts";

/** When each group began to exist, in Unix ms. All clients share this, as they would a server. */
const sinceMs = new Map<string, number>();

/**
 * Answers a time that divides the messages: those published before this call are stored before it, and those published
 * after this call has returned are stored at that time or later.
 */
async function begin(source: Source): Promise<number> {
  const name = nameOf(source);
  const before = sinceMs.get(name);
  if (before !== undefined) return before;
  const since = Date.now() + 1;
  sinceMs.set(name, since);
  // Times are whole milliseconds, so the next message must be stored in a later one.
  while (Date.now() < since) await turn();
  return since;
}

export const forgetful = (broker: Broker): Broker => ({
  ...broker,
  get maxMessageBytes() {
    return broker.maxMessageBytes;
  },
  can: { ...broker.can, history: false },
  ensure: async (sources) => {
    await broker.ensure(sources);
    await Promise.all(sources.map(begin));
  },
  receive: async (source, options) => {
    const since = await begin(source);
    const receiving = await broker.receive(source, options);
    return {
      leaseMs: receiving.leaseMs,
      close: () => receiving.close(),
      async *[Symbol.asyncIterator]() {
        for await (const message of receiving) {
          if (message.storedMs >= since) yield message;
          else message.ack();
        }
      },
    };
  },
});
