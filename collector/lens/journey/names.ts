/**
 * Names that mean the same: of newer and older conventions, and of well-known libraries. The one table of them: causes,
 * waits, names and filters all read attributes through it.
 *
 * Sources: OpenTelemetry's semantic conventions 1.44 and their migration guides; BullMQ's `TelemetryAttributes`; the
 * instrumentation of Celery in opentelemetry-python-contrib.
 */
import { ATTR } from "../../../services/_kit/telemetry/conventions.ts";
import type { Attributes, AttributeValue, Span } from "./model.ts";

/** By the name of today: what the same is called elsewhere, the most telling first. */
const ELSEWHERE = {
  [ATTR.errorType]: ["error.kind"],
  [ATTR.httpMethod]: ["http.method"],
  [ATTR.httpStatus]: ["http.status_code"],
  "http.request.resend_count": ["http.resend_count"],
  "url.full": ["http.url"],
  [ATTR.urlPath]: ["http.target"],
  "url.scheme": ["http.scheme"],
  "user_agent.original": ["http.user_agent"],
  "client.address": ["http.client_ip"],
  "network.peer.address": ["net.sock.peer.addr", "net.peer.ip"],
  "network.protocol.name": ["net.protocol.name"],
  [ATTR.serverAddress]: ["net.peer.name", "net.sock.peer.name", "http.host"],
  [ATTR.serverPort]: ["net.peer.port"],
  "service.peer.name": ["peer.service"],
  [ATTR.dbSystem]: ["db.system"],
  "db.namespace": ["db.name", "db.redis.database_index"],
  "db.query.text": ["db.statement"],
  "db.operation.name": ["db.operation"],
  "db.collection.name": ["db.sql.table", "db.mongodb.collection", "db.cassandra.table"],
  [ATTR.rpcSystem]: ["rpc.system"],
  [ATTR.rpcStatus]: ["rpc.response.status_code", "rpc.grpc.status_code", "rpc.connect_rpc.error_code"],
  [ATTR.messagingSystem]: ["messaging.system"],
  [ATTR.messageId]: ["messaging.message_id", "bullmq.job.id"],
  [ATTR.conversationId]: ["messaging.conversation_id"],
  [ATTR.destination]: ["messaging.destination", "bullmq.queue.name"],
  [ATTR.operationType]: ["messaging.operation"],
  [ATTR.operationName]: ["bullmq.queue.operation"],
  [ATTR.consumerGroup]: ["messaging.kafka.consumer.group", "messaging.kafka.consumer_group"],
  [ATTR.partition]: ["messaging.kafka.destination.partition", "messaging.kafka.partition"],
  [ATTR.batchCount]: ["bullmq.job.bulk.count"],
  "code.function.name": ["code.function"],
  "deployment.environment.name": ["deployment.environment"],
} as const satisfies Readonly<Record<string, readonly string[]>>;

const spellings = new Map<string, readonly string[]>();
for (const [name, others] of Object.entries(ELSEWHERE)) {
  const all = [name, ...others];
  for (const one of all) spellings.set(one, all);
}

/** All names of what `name` names, that of today first; `name` alone when it is called so everywhere. */
export const spellingsOf = (name: string): readonly string[] => spellings.get(name) ?? [name];

/** The value under the first of its names that is there; undefined without any. */
function attributeOf(attributes: Attributes, name: string): AttributeValue | undefined {
  for (const spelling of spellingsOf(name))
    if (Object.hasOwn(attributes, spelling)) return attributes[spelling];
  return undefined;
}

/** The same as text, numbers and truth values included; empty when it is absent, a list or a map. */
export function wordOf(attributes: Attributes, name: string): string {
  const value = attributeOf(attributes, name);
  if (typeof value === "string") return value;
  return typeof value === "number" || typeof value === "boolean" ? String(value) : "";
}

/** `messaging.message.id` of the message or job that the span handles; empty without one. */
export const messageIdOf = (span: Span): string => wordOf(span.attributes, ATTR.messageId);

/** Libraries that name no system, by an attribute that only they send. */
const SYSTEM_BY = { "bullmq.queue.name": "bullmq", "celery.task_name": "celery", "celery.action": "celery" };

/** What carries the message or job of a span: `kafka`, `bullmq`, …; empty when it does not say. */
export function systemOf({ attributes }: Span): string {
  const system = wordOf(attributes, ATTR.messagingSystem);
  if (system !== "") return system;
  for (const [name, of] of Object.entries(SYSTEM_BY)) if (Object.hasOwn(attributes, name)) return of;
  return "";
}
