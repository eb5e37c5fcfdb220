/**
 * The port for a broker of events. A folder below this one implements it for one broker (`nats/`). The composition
 * chooses (`service/broker.ts`); no other code knows which broker it is.
 *
 * Above the port, the same for every broker, are the outbox and its relay, batches, messages in hand, the number of
 * attempts, dead letters and redrives. `can` says in what brokers differ.
 *
 * Words: a *lane* is one of the buckets in which events of one key stay in order (a partition, a message group, a
 * subject). A *group* is a set of replicas that share the messages of a source. A *place* is where the broker keeps a
 * message; it stays the same however often the message is delivered.
 */
import { AppError } from "../process/errors.ts";
import type { Server } from "../telemetry/destination.ts";
import type { Logger } from "../telemetry/log.ts";

/** By name, case-sensitive. A broker that takes only a few headers packs the rest into one. */
export type Headers = Readonly<Record<string, string>>;

export interface Message {
  /** The broker stores a message of this id once, as far as it can. The inbox does not rely on that. */
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

/** Where a consumer receives from. */
export type Source =
  /** Events of one type from all lanes, in no guaranteed order. */
  | { readonly kind: "type"; readonly group: string; readonly type: string }
  /** Events of all types from one lane: one at a time, each after the one before it is settled. */
  | { readonly kind: "lane"; readonly group: string; readonly lane: number }
  /** Redriven messages whose dead letter was `owner`'s; no other consumer gets them. One at a time. */
  | { readonly kind: "redrives"; readonly owner: string };

/** The name of a source: the subscription in telemetry, and the owner of its dead letters. */
export function nameOf(source: Source): string {
  if (source.kind === "redrives") return source.owner;
  return source.kind === "type" ? `${source.group}-${source.type}` : `${source.group}-p${source.lane}`;
}

/** A delivered message. It is settled by one call of `ack`, `again`, `giveBack` or `done`. */
export interface ReceivedMessage {
  readonly place: string;
  /** `messaging.destination.name`: the broker's own name for it. */
  readonly destination: string;
  readonly type: string;
  /** Undefined for a redriven message, which has lost its lane. */
  readonly lane: number | undefined;
  readonly headers: Headers;
  readonly data: Uint8Array;
  /** Unix ms. */
  readonly storedMs: number;
  /** How often it was delivered, from 1; undefined on a broker that does not count. */
  readonly deliveries: number | undefined;
  /** It was handled. */
  ack(): void;
  /** A nack: it failed, and is to be redelivered after `afterMs`. Only where the broker `can.delays`. */
  again(afterMs: number): void;
  /** It was not tried, or not to the end: it is redelivered at once, to any replica. */
  giveBack(): void;
  /** It failed for good, and its dead letter is stored. */
  done(): void;
  /** It is still being worked on: renews its lease. */
  alive(): void;
}

/** The messages of a source, until closed. A source that has gone missing is made again meanwhile. */
export interface Receiving extends AsyncIterable<ReceivedMessage> {
  /** How long a message's lease lasts until the broker redelivers it; undefined when it has no leases. */
  readonly leaseMs: number | undefined;
  /** Asks for no more messages. Delivered ones can still be settled. Those given back from then on go to others. */
  close(): Promise<void>;
}

export interface ReceiveOptions {
  /** About how many messages are fetched ahead of their turn. */
  readonly ahead: number;
  /** The broker's own lease by default. */
  readonly leaseMs?: number;
}

export interface FollowOptions {
  /** Each event from now on, in the broker's order. `payload` parses it, and throws when it is not JSON. */
  readonly onEvent: (type: string, payload: () => unknown) => void;
  /** Events may have been missed. All events after this call are heard again. */
  readonly onGap: () => void;
}

export interface Following {
  stop(): Promise<void>;
}

/** The backlog of a source. */
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
  /** A late group gets what was published before it. Without this all groups are ensured before the first event. */
  readonly history: boolean;
  /** A delivered message says how often it was delivered. */
  readonly counts: boolean;
  /** It can redeliver after a delay. Otherwise the message waits in hand. */
  readonly delays: boolean;
}

export interface Broker {
  /** `messaging.system.name` of its spans. */
  readonly system: string;
  /** Its address, for spans and metrics. */
  readonly server: Server;
  readonly can: Capabilities;
  /** The most that a message may have of data and headers together. */
  readonly maxMessageBytes: number;
  /** `messaging.destination.name` of an event. */
  destination(lane: number, type: string): string;
  /**
   * Makes what `sources` and the publishers need, if it is not there. Several services may do so at once. From then on
   * the groups of `sources` get what is published, also before they start to receive.
   */
  ensure(sources: readonly Source[]): Promise<void>;
  /** Resolves when the event is stored, or had been stored before. Rejects with a trouble. */
  publish(lane: number, type: string, message: Message): Promise<void>;
  receive(source: Source, options: ReceiveOptions): Promise<Receiving>;
  follow(options: FollowOptions): Promise<Following>;
  /** Stores a dead letter of `owner`. Resolves when it is stored, or had been before. Rejects with a trouble. */
  bury(owner: string, type: string, message: Message): Promise<void>;
  /** All dead letters that are there now, oldest first, one at a time, because together they may be large. */
  letters(): AsyncIterable<StoredMessage>;
  /** Removes a dead letter. One that is gone already is no error. */
  remove(place: string): Promise<void>;
  /** Sends to the redrives of `owner`. Rejects with a trouble. */
  redrive(owner: string, type: string, message: Message): Promise<void>;
  /** The data of the message at a place; undefined when it is gone, or when the broker cannot read by place. */
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

/** The options of every broker. Each may have more, in its own folder. */
export interface BrokerOptions {
  readonly url: string;
  /** The client's name. */
  readonly name: string;
  /** Copies of each message. */
  readonly replicas?: number;
  readonly log: Logger;
  /** How long a late broker is waited for at a service's start; 0 to reject at once. 30 s by default. */
  readonly lateMs?: number;
}

/** How long a broker keeps an event or a dead letter, also if it was not read. */
export const RETENTION_MS = 24 * 3_600_000;

/**
 * Why a broker did not do what it was asked to:
 * - `away`: it does not answer. A message loses no attempt by it, and it ends by itself.
 * - `full`: it has no room. A message loses no attempt by it, but an operator has to make room.
 * - `missing`: what was ensured is not there any more, and could not be made again just now.
 * - `refused`: it will never take this message, for example because it is too large.
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

/** Which trouble an error is; undefined when it is not a broker's. */
export const troubleOf = (thrown: unknown): Trouble | undefined =>
  thrown instanceof AppError ? TROUBLES.find((trouble) => thrown.reason === `broker_${trouble}`) : undefined;
