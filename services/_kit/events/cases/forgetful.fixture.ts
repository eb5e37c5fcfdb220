/**
 * A broker as if it kept no history: a group gets what is published after it is there, and it is there when it is
 * ensured or first receives. Queues that a publisher fans out to are of this kind.
 */
import { setImmediate as turn } from "node:timers/promises";
import { type Broker, nameOf, type Source } from "../broker.ts";

/** Since when each group is there, in Unix ms: known to all clients, as a server would know it. */
const sinceMs = new Map<string, number>();

/** Nothing that was published before this call is stored at the answer or later, and all that is published after it is. */
async function begin(source: Source): Promise<number> {
  const name = nameOf(source);
  const before = sinceMs.get(name);
  if (before !== undefined) return before;
  const since = Date.now() + 1;
  sinceMs.set(name, since);
  // A place in time has no more than milliseconds: what is published next is to lie in the next one.
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
