/**
 * Every telemetry name that this project writes or reads, in one place, because several of OpenTelemetry's
 * are still in development and will be renamed (semantic conventions 1.44: messaging is Development, RPC is a
 * release candidate, HTTP is stable). Plain constants: this file imports nothing and is safe in a browser.
 */

/** Attribute names defined by OpenTelemetry's semantic conventions. */
export const ATTR = {
  errorType: "error.type",
  httpRoute: "http.route",
  httpStatus: "http.response.status_code",
  httpMethod: "http.request.method",
  urlPath: "url.path",
  serverAddress: "server.address",
  serverPort: "server.port",
  serviceName: "service.name",
  serviceInstanceId: "service.instance.id",
  rpcSystem: "rpc.system.name",
  rpcMethod: "rpc.method",
  rpcStatus: "rpc.status_code",
  messagingSystem: "messaging.system",
  operationName: "messaging.operation.name",
  operationType: "messaging.operation.type",
  destination: "messaging.destination.name",
  destinationTemplate: "messaging.destination.template",
  consumerGroup: "messaging.consumer.group.name",
  subscription: "messaging.destination.subscription.name",
  partition: "messaging.destination.partition.id",
  messageId: "messaging.message.id",
  conversationId: "messaging.message.conversation_id",
  batchCount: "messaging.batch.message_count",
  dbSystem: "db.system.name",
  /** Its former name, which some instrumentations still use. */
  dbSystemOld: "db.system",
} as const;

/** Our own attribute names, where no convention has one. Durations are in seconds. */
export const BATON = {
  /** On every span and log record: the id that the edge decided. */
  correlationId: "correlation.id",
  /** The run of a scenario; on every span of its requests. */
  scenarioRun: "baton.scenario.run",
  orderId: "baton.order.id",
  /** The number of the delivery attempt, from 1. */
  attempt: "baton.delivery.attempt",
  /** How the delivery ended: `ack`, `retry` (it will be delivered again) or `dead-letter`. */
  outcome: "baton.delivery.outcome",
  waitOutbox: "baton.wait.outbox",
  waitStream: "baton.wait.stream",
  waitJob: "baton.wait.job",
  /** What a job's wait is counted from: `added`, `delay`, `children` or `retry`. */
  waitJobSince: "baton.wait.job.since",
  /** Outbox row id; on the `create` and on the `send` span. */
  outboxId: "baton.outbox.id",
  /** Id of one RPC call, outside the trace context; on the CLIENT and on the SERVER span. */
  requestId: "baton.request.id",
  /** `continue` or `restart`. It is only on the gateway's SERVER spans, so it marks the public edge. */
  edge: "baton.edge",
  /** The headers of a request that the edge refused: `traceparent`, `baggage`, `correlation_id`. */
  edgeRefused: "baton.edge.refused",
  /** On an INTERNAL span whose work undoes something. A failure below it is never the cause of a journey's failure. */
  compensation: "baton.compensation",
  /** `true` on the root span of a replay, which reads old messages again and is a new journey. */
  replay: "baton.replay",
  faultPoint: "baton.fault.point",
  faultKind: "baton.fault.kind",
} as const;

/** Baggage keys that the edge lets in. Everything else is replaced there. */
export const BAGGAGE = {
  correlationId: "correlation.id",
  fault: "fault",
  async: "async",
  scenarioRun: "scenario.run",
} as const;

/** On links: the reason for the link. */
export const LINK = {
  reason: "baton.link",
  /** To the creation context of the message. */
  creation: "creation",
  /** To the attempt before this one. */
  previousAttempt: "previous_attempt",
  /** To the caller's trace, when the edge starts a new one. */
  caller: "caller",
} as const;

/** Metric names. */
export const METRIC = {
  /** Histogram, seconds, by `baton.wait.kind` (`outbox`, `stream`, `job`) and destination. */
  messageWait: "baton.message.wait",
  waitKind: "baton.wait.kind",
  edgeRefused: "baton.edge.refused",
  /** Counter of what business code notes, by its name and reason. */
  events: "baton.events",
  event: "baton.event",
  eventReason: "baton.event.reason",
  processDuration: "messaging.process.duration",
  operationDuration: "messaging.client.operation.duration",
  sentMessages: "messaging.client.sent.messages",
  consumedMessages: "messaging.client.consumed.messages",
  rpcServerDuration: "rpc.server.call.duration",
  rpcClientDuration: "rpc.client.call.duration",
} as const;
