/**
 * The port behind which a broker of events stands. A folder below this one implements it for one broker (`nats/`); the
 * composition chooses (`service/broker.ts`); nothing else knows which it is.
 *
 * What stays above the port, for every broker alike: the outbox and its relay, batches, what is in hand, the number of
 * attempts, what a dead letter is and what a redrive sends. What brokers differ in is asked for in `can`.
 *
 * Words: a *lane* is one of the buckets in which events of one key stay in order (a partition, a message group, a
 * subject). A *group* is a set of replicas that share the messages of a source. A *place* is where the broker keeps a
 * message; it stays the same however often the message is delivered.
 */
import { AppError } from "../process/errors.ts";
import type { Logger } from "../telemetry/log.ts";

/** By name; names are compared letter by letter. A broker that takes few of them packs the rest into one. */
export type Headers = Readonly<Record<string, string>>;

export interface Message {
  /** The broker stores a message of this id once, as far as it can; the inbox does not rely on it. */
  readonly id: string;
  readonly headers: Headers;
  /** Undefined for none. */
  readonly data: Uint8Array | undefined;
}

export interface StoredMessage extends Message {
  readonly place: string;
  /** Unix ms. */
  readonly storedMs: number;
}

/** What a group receives. */
export type Source =
  /** Events of one type from all lanes, in no order that holds. */
  | { readonly kind: "type"; readonly group: string; readonly type: string }
  /** Events of all types from one lane: one at a time, and none before the one in front of it is settled. */
  | { readonly kind: "lane"; readonly group: string; readonly lane: number }
  /** What was given up by `owner` and is to be tried once more; nobody else gets it. One at a time. */
  | { readonly kind: "redrives"; readonly owner: string };

/** How a source is called: the subscription in telemetry, and the owner of its dead letters. */
export function nameOf(source: Source): string {
  if (source.kind === "redrives") return source.owner;
  return source.kind === "type" ? `${source.group}-${source.type}` : `${source.group}-p${source.lane}`;
}

/** A delivered message. It is settled by one call of `ack`, `again`, `giveBack` or `done`. */
export interface ReceivedMessage {
  readonly place: string;
  /** `messaging.destination.name`: what the broker calls it. */
  readonly destination: string;
  readonly type: string;
  /** Undefined when it has lost its lane: a redriven message. */
  readonly lane: number | undefined;
  readonly headers: Headers;
  readonly data: Uint8Array;
  /** Unix ms. */
  readonly storedMs: number;
  /** How often it was delivered, from 1; undefined on a broker that does not count. */
  readonly deliveries: number | undefined;
  /** It was handled. */
  ack(): void;
  /** It failed, and is to be delivered again after `afterMs`. Only where the broker `can.delays`. */
  again(afterMs: number): void;
  /** It was not tried, or not to its end: the next who asks gets it, at once. */
  giveBack(): void;
  /** It was given up; its dead letter is stored. */
  done(): void;
  /** It is still being worked on: its lease begins anew. */
  alive(): void;
}

/** The messages of a source, until closed. A source that has gone missing is made again meanwhile. */
export interface Receiving extends AsyncIterable<ReceivedMessage> {
  /** After so long without a word the broker delivers a message to somebody else; undefined when it has no lease. */
  readonly leaseMs: number | undefined;
  /** Asks for no more. What was delivered can still be settled; what is given back from here on goes to others. */
  close(): Promise<void>;
}

export interface ReceiveOptions {
  /** About so many messages are fetched ahead of their turn. */
  readonly ahead: number;
  /** The broker's own by default. */
  readonly leaseMs?: number;
}

export interface FollowOptions {
  /** Each event from now on, in the broker's order. `payload` parses it, and throws when it is not JSON. */
  readonly onEvent: (type: string, payload: () => unknown) => void;
  /** Events may have been missed. From here on all are heard again. */
  readonly onGap: () => void;
}

export interface Following {
  stop(): Promise<void>;
}

/** How far a source is behind. */
export interface Lag {
  /** Not delivered yet. */
  readonly pending: number;
  /** Delivered, not settled. */
  readonly inHand: number;
  /** Of those in hand: delivered more than once. */
  readonly redelivered: number;
}

/** What a broker holds under one name. */
export interface Volume {
  readonly name: string;
  readonly messages: number;
  readonly bytes: number;
}

export interface Capabilities {
  /** A group that comes late gets what was published before it. Otherwise all are ensured before the first is sent. */
  readonly history: boolean;
  /** A delivered message says how often it was delivered. */
  readonly counts: boolean;
  /** It delivers again after a delay. Otherwise the delay is waited out in hand. */
  readonly delays: boolean;
}

export interface Broker {
  /** `messaging.system` of its spans. */
  readonly system: string;
  readonly can: Capabilities;
  /** The most that a message may have of data and headers together. */
  readonly maxMessageBytes: number;
  /** `messaging.destination.name` of an event. */
  destination(lane: number, type: string): string;
  /**
   * Makes what `sources` and the publishers need, if it is not there. Several services may do so at once. From here on
   * the groups of `sources` get what is published, also before they receive.
   */
  ensure(sources: readonly Source[]): Promise<void>;
  /** Resolves when the event is stored, or was before. Rejects with a trouble. */
  publish(lane: number, type: string, message: Message): Promise<void>;
  receive(source: Source, options: ReceiveOptions): Promise<Receiving>;
  follow(options: FollowOptions): Promise<Following>;
  /** Stores a dead letter of `owner`; resolves when it is there, or was before. Rejects with a trouble. */
  bury(owner: string, type: string, message: Message): Promise<void>;
  /** All dead letters that are there now, oldest first, one at a time: together they may be large. */
  letters(): AsyncIterable<StoredMessage>;
  /** Takes a dead letter away; one that is gone already is no error. */
  remove(place: string): Promise<void>;
  /** Sends to the redrives of `owner`. Rejects with a trouble. */
  redrive(owner: string, type: string, message: Message): Promise<void>;
  /** The data of what lies at a place; undefined when it is gone, or the broker cannot look. */
  read(place: string): Promise<Uint8Array | undefined>;
  /** In the order of `sources`. */
  lags(sources: readonly Source[]): Promise<readonly Lag[]>;
  /** Dead letters by owner; 0 for any other. */
  deadLetters(): Promise<ReadonlyMap<string, number>>;
  volumes(): Promise<readonly Volume[]>;
  /** Rejects with `unavailable` when it does not answer. */
  ready(): Promise<void>;
  close(): Promise<void>;
}

/** What a broker is opened with; each says in its own folder what else. */
export interface BrokerOptions {
  readonly url: string;
  /** The client's name. */
  readonly name: string;
  /** Copies of each message. */
  readonly replicas?: number;
  readonly log: Logger;
  /** At a service's start a broker that is late is waited for, so long; 0 to reject at once. 30 s by default. */
  readonly lateMs?: number;
}

/** So long a broker keeps an event and a dead letter, whoever has not read it. */
export const RETENTION_MS = 24 * 3_600_000;

/**
 * Why a broker did not do what it was asked:
 * - `away`: it does not answer. It costs a message nothing, and ends by itself.
 * - `full`: it answers that it has no room. It costs a message nothing, and somebody has to make room.
 * - `missing`: what was ensured is not there any more, and could not be made again just now.
 * - `refused`: it takes this very message from nobody, such as one that is too large.
 */
export type Trouble = "away" | "full" | "missing" | "refused";

const TROUBLES = ["away", "full", "missing", "refused"] as const satisfies readonly Trouble[];

/** A trouble as an error: `reason` is `broker_<trouble>`, and so the span's `error.type`. */
export const troubled = (trouble: Trouble, cause: unknown): AppError =>
  new AppError(trouble === "refused" ? "invalid" : "unavailable", messageOf(cause), {
    cause,
    reason: `broker_${trouble}`,
  });

const messageOf = (thrown: unknown): string => (thrown instanceof Error ? thrown.message : String(thrown));

/** Which trouble it is; undefined when a broker did not say it. */
export const troubleOf = (thrown: unknown): Trouble | undefined =>
  thrown instanceof AppError ? TROUBLES.find((trouble) => thrown.reason === `broker_${trouble}`) : undefined;
