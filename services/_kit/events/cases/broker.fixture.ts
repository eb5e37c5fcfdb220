/**
 * The cases are one suite that every broker must pass: a broker's folder (`nats/`) runs each of them with its own
 * `BrokerUnderTest`. A case that a broker cannot pass is skipped by its name, with the reason.
 */
import { test } from "vitest";
import { uniqueName } from "../../../../tests/fixtures.ts";
import type { Carrier } from "../../telemetry/propagation.ts";
import type { Broker, ReceivedMessage } from "../broker.ts";
import { writeHead } from "../head.ts";

/** A server for one test alone. */
export interface OwnServer {
  /** One more client. */
  open(): Promise<Broker>;
  /** Ends it. */
  halt(): Promise<void>;
  /** Ends it if it runs, and starts it again. `keep`: with its data; otherwise empty. */
  restart(keep: boolean): Promise<void>;
  /** Fills all room for events. The returned function makes room again. */
  fill(): Promise<() => Promise<void>>;
  /** Deletes the streams and consumers that were ensured, without telling the clients. */
  forget(): Promise<void>;
  stop(): Promise<void>;
}

export interface BrokerUnderTest {
  /** One more client of the server that all tests of the run share, with its streams ensured. */
  open(): Promise<Broker>;
  /** A server whose de-duplication window is `windowMs`, where it has one. */
  own(windowMs?: number): Promise<OwnServer>;
  /** The names in the broker's `volumes`. */
  readonly volumes: readonly string[];
  /** The names of cases that are skipped, each with the reason. */
  readonly skips: Readonly<Record<string, string>>;
}

/** `test`, or a skip with its reason. */
export const caseOf =
  ({ skips }: BrokerUnderTest) =>
  (name: string, work: () => Promise<void>): void => {
    const reason = skips[name];
    if (reason === undefined) test(name, work);
    else test.skip(`${name} (reason: ${reason})`, work);
  };

export interface TestEvent {
  readonly type: string;
  readonly lane?: number;
  readonly eventId?: string;
  readonly carrier?: Carrier;
  readonly createdMs?: number;
  readonly sentMs?: number;
  readonly payload?: object;
}

/** Sends an event as the relay would. Returns its id. */
export async function sendEvent(broker: Broker, event: TestEvent): Promise<string> {
  const { type, lane = 0, eventId = uniqueName("event"), carrier = {}, payload = {} } = event;
  const createdMs = event.createdMs ?? Date.now();
  const sentMs = event.sentMs ?? createdMs;
  await broker.publish(lane, type, {
    id: eventId,
    headers: writeHead({ eventId, carrier, createdMs, sentMs }),
    data: Buffer.from(JSON.stringify(payload)),
  });
  return eventId;
}

/** The destination of events that a test only appends. */
export const testEvents = {
  system: "test",
  server: { address: "broker.test", port: 1 },
  destination: (lane: number, type: string) => `${lane}/${type}`,
};

/** The first message of a type, received by a new group. */
export async function firstOf(broker: Broker, type: string): Promise<ReceivedMessage> {
  const receiving = await broker.receive({ kind: "type", group: uniqueName("look"), type }, { ahead: 1 });
  try {
    for await (const message of receiving) {
      message.ack();
      return message;
    }
    throw new Error(`no message of ${type} came`);
  } finally {
    await receiving.close();
  }
}

/**
 * The same broker without two of its abilities: it counts no deliveries and has no delayed redelivery. The code above
 * the port must work with it as well.
 */
export const lesser = (broker: Broker): Broker => ({
  ...broker,
  get maxMessageBytes() {
    return broker.maxMessageBytes;
  },
  can: { ...broker.can, counts: false, delays: false },
  receive: async (source, options) => {
    const receiving = await broker.receive(source, options);
    return {
      leaseMs: receiving.leaseMs,
      close: () => receiving.close(),
      async *[Symbol.asyncIterator]() {
        for await (const message of receiving) {
          yield {
            ...message,
            deliveries: undefined,
            again: () => {
              throw new Error("this broker knows no delay");
            },
          };
        }
      },
    };
  },
});
