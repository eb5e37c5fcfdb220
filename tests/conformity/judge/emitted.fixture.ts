/** Telemetry as it should be, one of each kind, for tests that spoil it. */
import type {
  Attributes,
  Emitted,
  EmittedLog,
  EmittedMetric,
  EmittedSpan,
  Origin,
  Value,
  ValueType,
} from "./emitted.ts";

type Plain = string | number | boolean | readonly string[];

/** `7` is an integer, as for the SDK; `double(7)` is not. */
export const typed = (value: Plain): Value => {
  if (Array.isArray(value)) return { type: "string[]", value };
  if (typeof value === "number") return { type: Number.isInteger(value) ? "int" : "double", value };
  return { type: typeof value as ValueType, value };
};

export const attributes = (plain: Readonly<Record<string, Plain>>): Attributes =>
  new Map(Object.entries(plain).map(([name, value]) => [name, typed(value)]));

const RESOURCE = attributes({
  "service.name": "orders",
  "service.version": "1.0.0",
  "service.instance.id": "i",
  "telemetry.sdk.name": "opentelemetry",
  "telemetry.sdk.language": "nodejs",
  "telemetry.sdk.version": "3.1.0",
});

export const origin = (schemaUrl: string, name = "baton"): Origin => ({
  resource: RESOURCE,
  scope: { name, version: "1.0.0", schemaUrl, attributes: new Map() },
});

export type SpanLike = Pick<EmittedSpan, "name" | "kind"> &
  Partial<
    Pick<
      EmittedSpan,
      "status" | "links" | "linkedTraces" | "events" | "parentSpanId" | "traceId" | "spanId" | "durationMs"
    >
  > & {
    readonly attributes: Readonly<Record<string, Plain>>;
  };

export const spanLike = (from: Origin, { attributes: plain, ...like }: SpanLike): EmittedSpan => ({
  signal: "span",
  origin: from,
  traceId: "1".repeat(32),
  spanId: "1".repeat(16),
  parentSpanId: "",
  status: "UNSET",
  durationMs: 1,
  links: [],
  linkedTraces: [],
  events: [],
  ...like,
  attributes: attributes(plain),
});

const BROKER = { "server.address": "127.0.0.1", "server.port": 4222 };
const REQUEST = { "correlation.id": "c-1" };
const EVENT = { "messaging.system.name": "nats", "messaging.destination.template": "events.OrderConfirmed" };
const SUBJECT = { "messaging.destination.name": "events.p1.OrderConfirmed", "messaging.message.id": "m-1" };
const JOB = {
  "messaging.system.name": "bullmq",
  "messaging.destination.name": "email",
  "messaging.message.id": "j-1",
  "baton.job.name": "welcome",
};
const CONSUMER = {
  "messaging.consumer.group.name": "shipping",
  "messaging.destination.subscription.name": "shipping-OrderConfirmed",
};
const operation = (name: string) => ({ "messaging.operation.name": name, "messaging.operation.type": name });
const link = attributes({ "baton.link": "creation" });

/** Every row of spans, by a name for tests. */
export const SPANS: Readonly<Record<string, SpanLike>> = {
  edge: {
    name: "POST /api/v1/checkouts",
    kind: "SERVER",
    attributes: {
      ...REQUEST,
      "http.request.method": "POST",
      "http.route": "/api/v1/checkouts",
      "http.response.status_code": 402,
      "url.path": "/api/v1/checkouts",
      "url.scheme": "http",
      "server.address": "127.0.0.1",
      "server.port": 8080,
      "baton.edge.trace": "continue",
    },
  },
  call: {
    name: "a.b.C/D",
    kind: "CLIENT",
    status: "ERROR",
    attributes: {
      ...REQUEST,
      "rpc.system.name": "grpc",
      "rpc.method": "a.b.C/D",
      "rpc.status_code": "NOT_FOUND",
      "error.type": "NOT_FOUND",
      "server.address": "127.0.0.1",
      "server.port": 8081,
      "baton.request.id": "r",
    },
  },
  called: {
    name: "a.b.C/D",
    kind: "SERVER",
    attributes: {
      ...REQUEST,
      "rpc.system.name": "grpc",
      "rpc.method": "a.b.C/D",
      "rpc.status_code": "NOT_FOUND",
      "baton.request.id": "r",
    },
  },
  "called by Connect": {
    name: "connectrpc",
    kind: "SERVER",
    status: "ERROR",
    attributes: {
      "rpc.system.name": "connectrpc",
      "rpc.method": "_OTHER",
      "rpc.method_original": "a.b.C/No",
      "rpc.status_code": "unimplemented",
      "error.type": "unimplemented",
    },
  },
  create: {
    name: "create events.OrderConfirmed",
    kind: "PRODUCER",
    attributes: { ...EVENT, ...SUBJECT, ...operation("create"), "baton.outbox.id": "1" },
  },
  send: {
    name: "send events.OrderConfirmed",
    kind: "CLIENT",
    links: [link],
    attributes: {
      ...EVENT,
      ...SUBJECT,
      ...BROKER,
      ...operation("send"),
      "baton.outbox.id": "1",
      "baton.delivery.attempt": 1,
      "baton.wait.outbox": 0,
    },
  },
  receive: {
    name: "receive events.OrderConfirmed",
    kind: "CLIENT",
    links: [link, link],
    attributes: {
      ...EVENT,
      ...CONSUMER,
      ...BROKER,
      ...operation("receive"),
      "messaging.batch.message_count": 2,
    },
  },
  process: {
    name: "process events.OrderConfirmed",
    kind: "CONSUMER",
    status: "ERROR",
    links: [link],
    attributes: {
      ...REQUEST,
      ...EVENT,
      ...SUBJECT,
      ...CONSUMER,
      ...operation("process"),
      "baton.delivery.attempt": 2,
      "baton.delivery.outcome": "retry",
      "error.type": "unavailable",
    },
  },
  "add a job": {
    name: "send email.welcome",
    kind: "PRODUCER",
    attributes: { ...JOB, ...operation("send") },
  },
  "add a flow": {
    name: "send shipping.flow",
    kind: "CLIENT",
    links: [link],
    attributes: {
      "messaging.system.name": "bullmq",
      "messaging.destination.name": "shipping",
      ...operation("send"),
      "messaging.batch.message_count": 3,
    },
  },
  "make a job": {
    name: "create email.welcome",
    kind: "PRODUCER",
    attributes: { ...JOB, ...operation("create") },
  },
  "process a job": {
    name: "process email.welcome",
    kind: "CONSUMER",
    attributes: {
      ...JOB,
      ...operation("process"),
      "baton.delivery.attempt": 1,
      "baton.delivery.outcome": "ack",
      "baton.wait.job": 0.5,
      "baton.wait.since": "added",
    },
  },
  query: {
    name: "SELECT orders",
    kind: "CLIENT",
    attributes: {
      "db.system.name": "postgresql",
      "db.namespace": "baton_orders",
      "db.query.summary": "SELECT orders",
      "db.query.text": "SELECT * FROM orders",
    },
  },
  command: {
    name: "evalsha",
    kind: "CLIENT",
    attributes: { "db.system.name": "redis", "db.operation.name": "evalsha" },
  },
  "use case": { name: "charge", kind: "INTERNAL", attributes: { "baton.order.id": "o" } },
  compensate: { name: "compensate", kind: "INTERNAL", attributes: { "baton.compensation": true } },
  resume: {
    name: "resume checkout",
    kind: "INTERNAL",
    links: [link],
    attributes: { "baton.delivery.attempt": 2 },
  },
};

export type MetricLike = Omit<EmittedMetric, "signal" | "origin" | "points"> & {
  readonly attributes: Readonly<Record<string, Plain>>;
  readonly bounds?: readonly number[];
};

export const metricLike = (from: Origin, like: MetricLike): EmittedMetric => {
  const { attributes: plain, bounds, ...metric } = like;
  return {
    signal: "metric",
    origin: from,
    ...metric,
    points: [{ attributes: attributes(plain), ...(bounds && { bounds }) }],
  };
};

const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

export const METRICS: Readonly<Record<string, MetricLike>> = {
  processing: {
    name: "messaging.process.duration",
    instrument: "histogram",
    unit: "s",
    description: "How long a message or a job was handled, one attempt.",
    bounds: BUCKETS,
    attributes: {
      ...EVENT,
      ...CONSUMER,
      "messaging.operation.name": "process",
      "server.address": "127.0.0.1",
      "server.port": 4222,
    },
  },
  sent: {
    name: "messaging.client.sent.messages",
    instrument: "counter",
    unit: "{message}",
    description: "Messages and jobs that it was attempted to send.",
    attributes: {
      "messaging.system.name": "bullmq",
      "messaging.destination.name": "email",
      "messaging.operation.name": "send",
      "baton.job.name": "welcome",
      ...BROKER,
    },
  },
  "rpc calls": {
    name: "rpc.client.call.duration",
    instrument: "histogram",
    unit: "s",
    description: "How long an RPC call took on the side that called.",
    bounds: BUCKETS,
    attributes: {
      "rpc.system.name": "grpc",
      "rpc.method": "a.b.C/D",
      "rpc.status_code": "INTERNAL",
      "error.type": "INTERNAL",
      ...BROKER,
    },
  },
  unsent: {
    name: "baton.outbox.unsent",
    instrument: "gauge",
    unit: "{row}",
    description: "Rows of the outbox that are not in the stream yet.",
    attributes: {},
  },
};

export const logLike = (
  from: Origin,
  eventName: string,
  plain: Readonly<Record<string, Plain>>,
  severity = 9,
): EmittedLog => ({
  signal: "log",
  origin: from,
  eventName,
  severity,
  severityText: "info",
  body: typed("it happened"),
  attributes: attributes(plain),
});

export const LOGS: Readonly<Record<string, readonly [string, Readonly<Record<string, Plain>>]>> = {
  event: ["baton.order.placed", { ...REQUEST, "baton.order.id": "o", "baton.event.total_cents": 1 }],
  failure: [
    "",
    { ...REQUEST, "exception.type": "AppError", "exception.message": "away", "exception.stacktrace": "at" },
  ],
};

/** All of it. */
export const everything = (from: Origin): Emitted => ({
  spans: Object.values(SPANS).map((like) => spanLike(from, like)),
  metrics: Object.values(METRICS).map((like) => metricLike(from, like)),
  logs: Object.values(LOGS).map(([name, plain]) => logLike(from, name, plain)),
});
