/** NATS JetStream: the connection, the two streams, and how an event looks as a message. */
import {
  type JetStreamClient,
  type JetStreamManager,
  type JsMsg,
  jetstream,
  jetstreamManager,
  RetentionPolicy,
  StorageType,
} from "@nats-io/jetstream";
import { connect, headers, type MsgHdrs, type NatsConnection, nanos } from "@nats-io/transport-node";
import { AppError } from "./errors.ts";
import type { Carrier } from "./telemetry/propagation.ts";

export const EVENTS_STREAM = "BATON_EVENTS";
export const DEAD_STREAM = "BATON_DEAD";
const CARRIER_FIELDS = ["traceparent", "tracestate", "baggage"];
const EVENT_ID = "Baton-Event-Id";
const CREATED = "Baton-Created-Ms";
const SENT = "Baton-Sent-Ms";

export interface Nats {
  readonly connection: NatsConnection;
  readonly js: JetStreamClient;
  readonly manager: JetStreamManager;
  /** Throws when the server does not answer. */
  ready(): Promise<void>;
  close(): Promise<void>;
}

/** `url`: nats://[user:password@]host:port. Reconnects for ever once connected. */
export async function connectNats(url: string, name: string): Promise<Nats> {
  const { hostname, port, username, password } = new URL(url);
  const connection = await connect({
    servers: `${hostname}:${port || 4222}`,
    name,
    maxReconnectAttempts: -1,
    reconnectTimeWait: 250,
    timeout: 5_000,
    ...(username === "" ? {} : { user: decodeURIComponent(username), pass: decodeURIComponent(password) }),
  });
  const manager = await jetstreamManager(connection, { timeout: 5_000 });
  return {
    connection,
    js: jetstream(connection, { timeout: 5_000 }),
    manager,
    ready: async () => {
      if (connection.isClosed()) throw new AppError("unavailable", "the connection to NATS is closed");
      await connection.rtt().catch((cause: unknown) => {
        throw new AppError("unavailable", "NATS does not answer", { cause });
      });
    },
    close: async () => {
      await connection.drain().catch(() => connection.close());
    },
  };
}

/** Makes the streams, with so many copies, if they are not there; several services may do so at once. */
export async function ensureStreams(nats: Nats, replicas = 1): Promise<void> {
  const common = {
    storage: StorageType.File,
    retention: RetentionPolicy.Limits,
    max_age: nanos(24 * 3_600_000),
    max_bytes: 256 * 1024 * 1024,
    duplicate_window: nanos(120_000),
    num_replicas: replicas,
  };
  await nats.manager.streams.add({ ...common, name: EVENTS_STREAM, subjects: ["events.>"] });
  await nats.manager.streams.add({ ...common, name: DEAD_STREAM, subjects: ["dead.>"] });
}

/** An event on its way: what the relay hands to the stream. */
export interface OutgoingEvent {
  readonly subject: string;
  readonly eventId: string;
  readonly carrier: Carrier;
  readonly createdMs: number;
  readonly sentMs: number;
  readonly payload: object;
}

export interface EventStream {
  /** Resolves when the stream has stored the event (or has had it before); rejects otherwise. */
  publish(event: OutgoingEvent): Promise<void>;
}

/** The event stream of a connection. */
export function eventStream(nats: Nats): EventStream {
  return {
    publish: async (event) => {
      const head = headers();
      for (const [key, value] of Object.entries(event.carrier)) head.set(key, value);
      head.set(EVENT_ID, event.eventId);
      head.set(CREATED, String(event.createdMs));
      head.set(SENT, String(event.sentMs));
      await nats.js.publish(event.subject, JSON.stringify(event.payload), {
        msgID: event.eventId,
        headers: head,
      });
    },
  };
}

/** What the headers of a received event say. */
export interface EventHead {
  readonly eventId: string;
  readonly carrier: Carrier;
  readonly createdMs: number | undefined;
  readonly sentMs: number | undefined;
}

/** Reads what `publish` wrote; a message without our headers is named by its place in the stream. */
export function readHead(message: JsMsg): EventHead {
  const head: MsgHdrs | undefined = message.headers;
  const carrier: Carrier = {};
  for (const field of CARRIER_FIELDS) {
    const value = head?.get(field);
    if (value) carrier[field] = value;
  }
  const ms = (name: string) => {
    const value = Number(head?.get(name) || Number.NaN);
    return Number.isFinite(value) ? value : undefined;
  };
  return {
    eventId: head?.get(EVENT_ID) || `${message.info.stream}.${message.seq}`,
    carrier,
    createdMs: ms(CREATED),
    sentMs: ms(SENT),
  };
}
