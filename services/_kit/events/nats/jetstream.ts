/** NATS JetStream: the connection, the streams, and how an event looks as a message. */
import {
  JetStreamApiError,
  type JetStreamClient,
  type JetStreamManager,
  type JsMsg,
  jetstream,
  jetstreamManager,
  RetentionPolicy,
  StorageType,
  type StreamConfig,
} from "@nats-io/jetstream";
import { connect, errors, headers, type MsgHdrs, type NatsConnection, nanos } from "@nats-io/transport-node";
import { AppError } from "../../process/errors.ts";
import { patiently } from "../../process/patiently.ts";
import type { Logger } from "../../telemetry/log.ts";
import type { Carrier } from "../../telemetry/propagation.ts";

export const EVENTS_STREAM = "BATON_EVENTS";
/** What was given up: `dead.<consumer>.<type>`. */
export const DEAD_STREAM = "BATON_DEAD";
/** What is to be tried once more, by the one consumer that gave it up: `redrive.<consumer>.<type>`. */
export const REDRIVE_STREAM = "BATON_REDRIVE";
/** What the server says of messages that used up their deliveries without a word from their consumer. */
export const ADVISORY_STREAM = "BATON_ADVISORIES";
/** Of our own streams only: the server may be somebody else's, too. */
const ADVISORIES = [EVENTS_STREAM, REDRIVE_STREAM].map(
  (stream) => `$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.${stream}.>`,
);
/** So long a message stays, whoever has not read it. */
export const STREAM_AGE_MS = 24 * 3_600_000;
const DUPLICATE_WINDOW_MS = 120_000;
/** JSStreamSubjectOverlapErr of the server's error codes. */
const SUBJECTS_OVERLAP = 10065;
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

/** What is asked of JetStream. At a start everything asks at once, and streams are made on a disk that may be busy. */
const ANSWER_WITHIN_MS = 20_000;
/** What is published waits so long for the stream's word: then it is published again, with the same id. */
export const PUBLISH_WITHIN_MS = 5_000;

const { AuthorizationError, ClosedConnectionError, ConnectionError, RequestError, TimeoutError } = errors;
const LATE = [ClosedConnectionError, ConnectionError, RequestError, TimeoutError];
/** The server also refuses whoever takes too long to say who he is. */
const isLate = (thrown: unknown): boolean =>
  LATE.some((late) => thrown instanceof late) ||
  (thrown instanceof AuthorizationError && /timeout/i.test(thrown.message));

async function dial(
  url: string,
  name: string,
): Promise<{ connection: NatsConnection; manager: JetStreamManager }> {
  const { hostname, port, username, password } = new URL(url);
  const connection = await connect({
    servers: `${hostname}:${port || 4222}`,
    name,
    maxReconnectAttempts: -1,
    reconnectTimeWait: 250,
    timeout: 5_000,
    ...(username === "" ? {} : { user: decodeURIComponent(username), pass: decodeURIComponent(password) }),
  });
  try {
    return { connection, manager: await jetstreamManager(connection, { timeout: ANSWER_WITHIN_MS }) };
  } catch (thrown) {
    await connection.close();
    throw thrown;
  }
}

/**
 * `url`: nats://[user:password@]host:port. Reconnects for ever once connected. With a `log`, as at a service's start, a
 * server that is late is waited for.
 */
export async function connectNats(url: string, name: string, log?: Logger): Promise<Nats> {
  const open = () => dial(url, name);
  const { connection, manager } = log ? await patiently(open, { what: "NATS", isLate, log }) : await open();
  return {
    connection,
    js: jetstream(connection, { timeout: ANSWER_WITHIN_MS }),
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

/**
 * Makes the streams, with so many copies, if they are not there; several services may do so at once. Within
 * `duplicateWindowMs` a stream drops a message whose id it has.
 */
export async function ensureStreams(
  nats: Nats,
  replicas = 1,
  duplicateWindowMs = DUPLICATE_WINDOW_MS,
): Promise<void> {
  const common = {
    storage: StorageType.File,
    retention: RetentionPolicy.Limits,
    max_age: nanos(STREAM_AGE_MS),
    max_bytes: 256 * 1024 * 1024,
    duplicate_window: nanos(duplicateWindowMs),
    num_replicas: replicas,
  };
  await ensureStream(nats, { ...common, name: EVENTS_STREAM, subjects: ["events.>"] });
  await ensureStream(nats, { ...common, name: DEAD_STREAM, subjects: ["dead.>"] });
  await ensureStream(nats, { ...common, name: REDRIVE_STREAM, subjects: ["redrive.>"] });
  await ensureStream(nats, { ...common, name: ADVISORY_STREAM, subjects: ADVISORIES });
}

/**
 * The server answers with the stream that it has, if it is the same. Only in the instant in which another client makes
 * it (nats-server 2.9: about one time in two thousand) it may say that the subjects are taken, by that very stream.
 * So it is asked once more: a stream of somebody else's is still in the way then.
 */
export async function ensureStream(
  nats: Nats,
  config: Partial<StreamConfig> & { name: string },
): Promise<void> {
  try {
    await nats.manager.streams.add(config);
  } catch (error) {
    if (!(error instanceof JetStreamApiError) || error.code !== SUBJECTS_OVERLAP) throw error;
    await nats.manager.streams.add(config);
  }
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
  readonly nats: Nats;
  /** Resolves when the stream has stored the event (or has had it before); rejects otherwise. */
  publish(event: OutgoingEvent): Promise<void>;
}

/** The event stream of a connection. */
export function eventStream(nats: Nats): EventStream {
  return {
    nats,
    publish: async (event) => {
      await nats.js.publish(event.subject, JSON.stringify(event.payload), {
        msgID: event.eventId,
        headers: writeHead(event),
        timeout: PUBLISH_WITHIN_MS,
      });
    },
  };
}

/** What the headers of an event say. */
export interface EventHead {
  readonly eventId: string;
  readonly carrier: Carrier;
  readonly createdMs: number | undefined;
  readonly sentMs: number | undefined;
}

export function writeHead(event: EventHead): MsgHdrs {
  const head = headers();
  for (const [key, value] of Object.entries(event.carrier)) head.set(key, value);
  head.set(EVENT_ID, event.eventId);
  if (event.createdMs !== undefined) head.set(CREATED, String(event.createdMs));
  if (event.sentMs !== undefined) head.set(SENT, String(event.sentMs));
  return head;
}

/** Ids become keys of a table and headers: a stranger's may be anything. */
const PLAIN_ID = /^[\x21-\x7e]{1,200}$/;
/** W3C's own bound on baggage. What is longer is nothing of ours, and would not fit into a dead letter's headers. */
const MAX_FIELD_BYTES = 8_192;

const isField = (value: unknown): value is string =>
  typeof value === "string" && Buffer.byteLength(value) <= MAX_FIELD_BYTES && !/\p{Cc}/u.test(value);

/** The carrier that `read` knows the fields of, without what is no field. */
export function carrierOf(read: (field: string) => unknown): Carrier {
  const carrier: Carrier = {};
  for (const field of CARRIER_FIELDS) {
    const found = read(field);
    const value = isField(found) ? found : undefined;
    if (value) carrier[field] = value;
  }
  return carrier;
}

/** Reads what `writeHead` wrote. What is missing or makes no sense is left out; without an id it is `nameless`. */
export function readHead(head: MsgHdrs | undefined, nameless: string): EventHead {
  const ms = (name: string) => {
    const value = Number(head?.get(name) || Number.NaN);
    return Number.isSafeInteger(value) && value > 0 ? value : undefined;
  };
  const eventId = head?.get(EVENT_ID) ?? "";
  return {
    eventId: PLAIN_ID.test(eventId) ? eventId : nameless,
    carrier: carrierOf((field) => head?.get(field)),
    createdMs: ms(CREATED),
    sentMs: ms(SENT),
  };
}

/** A message's headers; none when a stranger's cannot be read: the client reads them late, and throws then. */
export function headersOf(message: JsMsg): MsgHdrs | undefined {
  try {
    return message.headers;
  } catch {
    return undefined;
  }
}

/** Reads a delivered message's head; one without an id is named by its place in the stream. */
export const headOf = (message: JsMsg): EventHead =>
  readHead(headersOf(message), `${message.info.stream}.${message.seq}`);
