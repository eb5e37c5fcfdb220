/**
 * The cases are one suite that every broker must pass: a folder beside this one (`nats/`) runs each of them with its own
 * `BrokerUnderTest`. A case that a broker cannot pass is left out by name, with the reason.
 */
import { test } from "vitest";
import { uniqueName } from "../../../../tests/fixtures.ts";
import type { Carrier } from "../../telemetry/propagation.ts";
import type { Broker, ReceivedMessage } from "../broker.ts";
import { writeHead } from "../head.ts";

/** A server that a test has to itself. */
export interface OwnServer {
  /** One more client. */
  open(): Promise<Broker>;
  /** Ends it. */
  halt(): Promise<void>;
  /** Ends it, if it runs, and begins anew: with what it held, or (`keep` false) with nothing. */
  restart(keep: boolean): Promise<void>;
  /** Takes all room for events; the answer makes room again. */
  fill(): Promise<() => Promise<void>>;
  /** Deletes what was ensured, behind its clients' backs. */
  forget(): Promise<void>;
  stop(): Promise<void>;
}

export interface BrokerUnderTest {
  /** One more client of the server that all tests of the run share; what it needs is ensured. */
  open(): Promise<Broker>;
  /** A server that drops a message whose id it has had within `windowMs`, where it can. */
  own(windowMs?: number): Promise<OwnServer>;
  /** What `volumes` names. */
  readonly volumes: readonly string[];
  /** Reasons by the names of cases that are left out. */
  readonly skips: Readonly<Record<string, string>>;
}

/** `test`, or the reason why a broker leaves it out. */
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

/** Sends an event as the relay would; answers its id. */
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

/** Where a test's events would go, when it only appends them. */
export const testEvents = { system: "test", destination: (lane: number, type: string) => `${lane}/${type}` };

/** The first message of a type that a group of its own receives. */
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
 * The same broker as if it could less: it counts no deliveries and knows no delay. What stands above the port must work
 * with it as it does with the whole one.
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
