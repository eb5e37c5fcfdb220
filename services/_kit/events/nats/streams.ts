/** The streams on a NATS server, and the durable consumer of each source. */
import {
  AckPolicy,
  type ConsumerConfig,
  DeliverPolicy,
  JetStreamApiError,
  type JetStreamClient,
  type JetStreamManager,
  jetstream,
  jetstreamManager,
  RetentionPolicy,
  StorageType,
  type StreamConfig,
} from "@nats-io/jetstream";
import { nanos } from "@nats-io/nats-core";
import type { Nats } from "../../nats/connection.ts";
import { nameOf, RETENTION_MS, type Source } from "../broker.ts";

/** `events.p<lane>.<type>`. */
export const EVENTS_STREAM = "BATON_EVENTS";
/** Dead letters: `dead.<owner>.<type>`. */
export const DEAD_STREAM = "BATON_DEAD";
/** Redriven messages, each for the one consumer that failed: `redrive.<owner>.<type>`. */
export const REDRIVE_STREAM = "BATON_REDRIVE";
export const STREAMS = [EVENTS_STREAM, DEAD_STREAM, REDRIVE_STREAM] as const;
const DUPLICATE_WINDOW_MS = 120_000;
const MAX_BYTES = 256 * 1024 * 1024;
/** JSStreamSubjectOverlapErr of the server's error codes. */
const SUBJECTS_OVERLAP = 10065;

/** The timeout of JetStream's API. At a start all services ask at once, and the disk of new streams may be busy. */
const ANSWER_WITHIN_MS = 20_000;

/** A connection with JetStream on it. */
export interface JetStream {
  readonly nats: Nats;
  readonly js: JetStreamClient;
  readonly manager: JetStreamManager;
}

export const jetstreamOn = async (nats: Nats): Promise<JetStream> => ({
  nats,
  js: jetstream(nats.connection, { timeout: ANSWER_WITHIN_MS }),
  manager: await jetstreamManager(nats.connection, { timeout: ANSWER_WITHIN_MS }),
});

export interface StreamOptions {
  /** Copies of each stream; several need a cluster of as many servers. */
  readonly replicas?: number;
  /** The de-duplication window: within it a stream drops a message whose id it has had. 2 minutes by default. */
  readonly duplicateWindowMs?: number;
}

/** Makes the streams, if they are not there. Several services may do so at once. */
export async function ensureStreams(
  manager: JetStreamManager,
  { replicas = 1, duplicateWindowMs = DUPLICATE_WINDOW_MS }: StreamOptions = {},
): Promise<void> {
  const common = {
    storage: StorageType.File,
    retention: RetentionPolicy.Limits,
    max_age: nanos(RETENTION_MS),
    max_bytes: MAX_BYTES,
    duplicate_window: nanos(duplicateWindowMs),
    num_replicas: replicas,
  };
  await ensureStream(manager, { ...common, name: EVENTS_STREAM, subjects: ["events.>"] });
  await ensureStream(manager, { ...common, name: DEAD_STREAM, subjects: ["dead.>"] });
  await ensureStream(manager, { ...common, name: REDRIVE_STREAM, subjects: ["redrive.>"] });
}

/**
 * The server answers with the existing stream, if its configuration is the same. Only while another client is making it
 * (nats-server 2.9: about one time in two thousand) it may answer that the subjects are taken, by that very stream. So
 * it is asked once more. If another stream has the subjects, that fails again.
 */
export async function ensureStream(
  manager: JetStreamManager,
  config: Partial<StreamConfig> & { name: string },
): Promise<void> {
  try {
    await manager.streams.add(config);
  } catch (error) {
    if (!(error instanceof JetStreamApiError) || error.code !== SUBJECTS_OVERLAP) throw error;
    await manager.streams.add(config);
  }
}

export const subjectOf = (lane: number | "*", type: string): string =>
  `events.${lane === "*" ? "*" : `p${lane}`}.${type}`;

/** A durable consumer: the position of a group in a stream. The server keeps it, and all replicas share it. */
export interface Durable {
  readonly stream: string;
  readonly name: string;
  /** One subject, with wildcards. Several subjects would need nats-server 2.10. */
  readonly filter: string;
  /** How many messages may be unacknowledged. 1 keeps the order, also with nacks and redeliveries. */
  readonly maxAckPending: number;
}

const MAX_ACK_PENDING = 256;

export function durableOf(source: Source): Durable {
  const name = nameOf(source);
  if (source.kind === "redrives") {
    // One at a time, because redrives are rare and not urgent.
    const own = { name: name.replaceAll(".", "-"), filter: `redrive.${name}.>` };
    return { stream: REDRIVE_STREAM, ...own, maxAckPending: 1 };
  }
  return source.kind === "lane"
    ? { stream: EVENTS_STREAM, name, filter: subjectOf(source.lane, ">"), maxAckPending: 1 }
    : { stream: EVENTS_STREAM, name, filter: subjectOf("*", source.type), maxAckPending: MAX_ACK_PENDING };
}

/** The durable's configuration for the server. It has no maximum of deliveries: the consumer counts attempts. */
export const configOf = (
  { name, filter, maxAckPending }: Durable,
  leaseMs: number,
): Partial<ConsumerConfig> => ({
  durable_name: name,
  ack_policy: AckPolicy.Explicit,
  deliver_policy: DeliverPolicy.All,
  filter_subject: filter,
  ack_wait: nanos(leaseMs),
  max_deliver: -1,
  max_ack_pending: maxAckPending,
});
