/**
 * Every name of telemetry that code writes or reads, by OpenTelemetry's conventions 1.45.0. Rendered from
 * telemetry/registry/ by `npm run render`. Plain constants: this file imports nothing and is safe in a browser.
 */

/** What our own spans and metrics come from, its version, and the conventions that their names follow. */
export const SCOPE = {
  name: "baton",
  version: "0.1.0",
  schemaUrl: "https://opentelemetry.io/schemas/1.45.0",
} as const;

/** Attributes that OpenTelemetry's conventions define. */
export const ATTR = {
  /** What kind of failure it was; the same on the span and on the metric. One of few. */
  errorType: "error.type",
  /** The route that matched, with names for what varies. */
  httpRoute: "http.route",
  /** Status of the answer. */
  httpStatus: "http.response.status_code",
  /** Method of the request. */
  httpMethod: "http.request.method",
  /** Path of the request. */
  urlPath: "url.path",
  /** Host of the side that serves: a service, a database, a broker. */
  serverAddress: "server.address",
  /** Its port. */
  serverPort: "server.port",
  /** The service. */
  serviceName: "service.name",
  /** The process: another one after each start. */
  serviceInstanceId: "service.instance.id",
  /** Its version. */
  serviceVersion: "service.version",
  /** `grpc`, also for gRPC-Web, or `connectrpc`. */
  rpcSystem: "rpc.system.name",
  /** The method with its package and service; `_OTHER` when there is none of that name. */
  rpcMethod: "rpc.method",
  /** The method as it was asked for, where there is none of that name. */
  rpcMethodOriginal: "rpc.method_original",
  /**
   * How the call ended, in the words of its protocol: `NOT_FOUND` in gRPC, `not_found` in Connect, which has none for a
   * good end.
   */
  rpcStatus: "rpc.status_code",
  /** Which broker or queue it is. */
  messagingSystem: "messaging.system.name",
  /** What is done: `create`, `send`, `receive`, `process`. */
  operationName: "messaging.operation.name",
  /** The same in the words of the convention. */
  operationType: "messaging.operation.type",
  /** The subject of an event, the queue of a job. */
  destination: "messaging.destination.name",
  /** The subject without what varies: `events.OrderConfirmed`. */
  destinationTemplate: "messaging.destination.template",
  /** The lane of the stream: a user's events share one. */
  partition: "messaging.destination.partition.id",
  /** The durable consumer. */
  subscription: "messaging.destination.subscription.name",
  /** Which service's consumers share the work. */
  consumerGroup: "messaging.consumer.group.name",
  /** Id of the event or the job, however often it is sent or tried. */
  messageId: "messaging.message.id",
  /** The correlation id. */
  conversationId: "messaging.message.conversation_id",
  /** How many messages the batch or the flow has. */
  batchCount: "messaging.batch.message_count",
  /** `postgresql` or `redis`. */
  dbSystem: "db.system.name",
  /** The command. */
  dbOperation: "db.operation.name",
  /** The statement in a few words: its command and its tables. */
  dbSummary: "db.query.summary",
  /** The database's own code of a failure. */
  dbStatus: "db.response.status_code",
  /** Whether a connection of the pool is in use. */
  poolState: "db.client.connection.state",
  /** What it says. */
  exceptionMessage: "exception.message",
  /** `active` or `idle`. */
  eventLoopState: "nodejs.eventloop.state",
  /** Kind of the collection. */
  gcType: "v8js.gc.type",
  /** What the sampler said. */
  samplingResult: "otel.span.sampling_result",
} as const;

/** Attributes of our own, where no convention has one. Durations are in seconds. */
export const BATON = {
  /** The id that the edge decided. On every span and log record of a request. */
  correlationId: "correlation.id",
  /** The run of the scenario that sent the request. */
  scenarioRun: "baton.scenario.run",
  /** Id of one RPC call, outside the trace context; the same on both of its spans. */
  requestId: "baton.request.id",
  /** The order that it is about. */
  orderId: "baton.order.id",
  /** What becomes of a caller's trace. Only on the SERVER spans of the public edge, and so its mark. */
  edge: "baton.edge.trace",
  /** What the edge refused of a request's headers: `traceparent`, `baggage`, `correlation_id`. */
  edgeRefused: "baton.edge.refused",
  /** Which try of a bounded delivery this is, from 1. */
  attempt: "baton.delivery.attempt",
  /** How many tries there are before it is given up. */
  maxAttempts: "baton.delivery.max_attempts",
  /** How the delivery ended. */
  outcome: "baton.delivery.outcome",
  /** Who gave a message up, as `npm run redrive` calls it: a subscription, `job.<queue>` or `outbox.<database>`. */
  deadLetterOwner: "baton.dead_letter.owner",
  /** Which kind of job it is, of those in one queue; `_OTHER` for a name without a handler. */
  jobName: "baton.job.name",
  /** Id of the outbox' row, outside the trace context; on the `create` and on the `send` span. */
  outboxId: "baton.outbox.id",
  /** What the queue's library calls the state of a job. */
  queueState: "baton.queue.state",
  /** From the row's writing to its being sent, in seconds. */
  waitOutbox: "baton.wait.outbox",
  /** From the sending to the handling, in seconds. */
  waitStream: "baton.wait.stream",
  /** From when the job could first have run to its handling, in seconds. */
  waitJob: "baton.wait.job",
  /** What a job's wait is counted from. */
  waitJobSince: "baton.wait.since",
  /** Where the message waited. */
  waitKind: "baton.wait.kind",
  /** The span's work undoes something; what fails below it is never a cause. */
  compensation: "baton.compensation",
  /** `true` on the root span of a replay: old messages are read again, a journey of its own. */
  replay: "baton.replay",
  /** Where a fault that the request asked for has bitten. */
  faultPoint: "baton.fault.point",
  /** What the fault did there. */
  faultKind: "baton.fault.kind",
  /** The event's name, as in the log record's EventName. */
  eventName: "baton.event.name",
  /** Why it happened; one of few. */
  eventReason: "baton.event.reason",
  /** The signal that a process stops by. */
  stopSignal: "baton.stop.signal",
} as const;

/** Baggage keys that the edge lets in. Everything else is replaced there. */
export const BAGGAGE = {
  correlationId: "correlation.id",
  fault: "fault",
  async: "async",
  scenarioRun: "scenario.run",
} as const;

/** On links: why the link is there. */
export const LINK = {
  /** On a link: why it is there. */
  reason: "baton.link",
  /** To the creation context of the message. */
  creation: "creation",
  /** To the attempt before. */
  previousAttempt: "previous_attempt",
  /** To the caller's trace, where the edge starts another. */
  caller: "caller",
} as const;

/** Metrics. */
export const METRIC = {
  /** How long a message lay somewhere, with no code working on it. */
  messageWait: "baton.message.wait",
  /** What the public edge refused of requests' headers, by `error.type`. */
  edgeRefused: "baton.edge.refusals",
  /** What happened in the shop, by its name and its reason. */
  events: "baton.events",
  /** How long a message or a job was handled, one attempt. */
  processDuration: "messaging.process.duration",
  /** How long sending and receiving took. */
  operationDuration: "messaging.client.operation.duration",
  /** Messages and jobs that it was attempted to send. */
  sentMessages: "messaging.client.sent.messages",
  /** Messages and jobs that were delivered, each attempt. */
  consumedMessages: "messaging.client.consumed.messages",
  /** How long an RPC call took on the side that was called. */
  rpcServerDuration: "rpc.server.call.duration",
  /** How long an RPC call took on the side that called. */
  rpcClientDuration: "rpc.client.call.duration",
} as const;

/** Metrics that libraries emit. Dashboards and alerts read them; no code writes them. */
export const LIBRARY = {
  /** How long a request to the public edge took. */
  httpServerDuration: "http.server.request.duration",
  /** How long a query took. */
  dbDuration: "db.client.operation.duration",
  /** Connections of the pool, by state. */
  poolConnections: "db.client.connection.count",
  /** How many connections the pool may have. */
  poolMax: "db.client.connection.max",
  /** What waits for a connection of the pool. */
  poolPending: "db.client.connection.pending_requests",
  /** The event loop's shortest delay. */
  eventLoopDelayMin: "nodejs.eventloop.delay.min",
  /** The event loop's longest delay. */
  eventLoopDelayMax: "nodejs.eventloop.delay.max",
  /** The event loop's delay on average. */
  eventLoopDelayMean: "nodejs.eventloop.delay.mean",
  /** How far the event loop's delays lie apart. */
  eventLoopDelayStddev: "nodejs.eventloop.delay.stddev",
  /** What half of the event loop's delays stay below. */
  eventLoopDelayP50: "nodejs.eventloop.delay.p50",
  /** What 90 of 100 of the event loop's delays stay below. */
  eventLoopDelayP90: "nodejs.eventloop.delay.p90",
  /** What 99 of 100 of the event loop's delays stay below. */
  eventLoopDelayP99: "nodejs.eventloop.delay.p99",
  /** How long the event loop was busy and idle. */
  eventLoopTime: "nodejs.eventloop.time",
  /** Which share of its time the event loop was busy. */
  eventLoopUtilization: "nodejs.eventloop.utilization",
  /** How long the garbage collector took, by kind. */
  gcDuration: "v8js.gc.duration",
  /** Memory in use, by space of the heap. */
  heapUsed: "v8js.memory.heap.used",
  /** Memory that is set aside, by space of the heap. */
  heapSize: "v8js.memory.heap.space.size",
  /** Memory that is set aside and free, by space of the heap. */
  heapAvailable: "v8js.memory.heap.space.available_size",
  /** Memory that the system has really given, by space of the heap. */
  heapPhysical: "v8js.memory.heap.space.physical_size",
  /** What keeps the process alive, by type. */
  activeResources: "v8js.resource.active",
  /** Spans that were started, by what the sampler said. */
  spansStarted: "otel.sdk.span.started",
  /** Spans that have not ended. */
  spansLive: "otel.sdk.span.live",
  /** Log records that were made. */
  logsCreated: "otel.sdk.log.created",
  /** How long it took to collect the metrics. */
  metricsCollection: "otel.sdk.metric_reader.collection.duration",
} as const;

/** Gauges: what lies somewhere when metrics are collected. */
export const GAUGE = {
  /** Rows of the outbox that are not in the stream yet. */
  outboxUnsent: "baton.outbox.unsent",
  /** Rows of the outbox that are not in the stream yet and were tried before. */
  outboxRetrying: "baton.outbox.retrying",
  /** How long the oldest row of the outbox has waited to be sent. */
  outboxAge: "baton.outbox.age",
  /** Messages that a subscription has not given out yet. */
  consumerPending: "baton.consumer.pending",
  /** Messages that a subscription has given out and that are not acknowledged. */
  consumerAckPending: "baton.consumer.ack_pending",
  /** Messages that a subscription has given out more than once and that are not acknowledged. */
  consumerRedelivered: "baton.consumer.redelivered",
  /** Messages, jobs and outbox rows that were given up and not handed back, by who gave them up. */
  deadLetters: "baton.dead_letters",
  /** Jobs in a queue, by state. */
  queueJobs: "baton.queue.jobs",
  /** Messages that a stream of the broker holds. */
  streamMessages: "baton.stream.messages",
  /** Bytes that a stream of the broker holds. */
  streamSize: "baton.stream.size",
  /** Streams of server-sent events that clients hold open. */
  sseOpen: "baton.sse.open",
} as const;
