/** What one mutant replaces. `find` must occur exactly once in `file`, or the run stops. */
export interface Mutant {
  readonly name: string;
  /** From the project's root. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
  /** The test file that must turn red, from the project's root. */
  readonly test: string;
}

const KIT = "services/_kit";
const HOP = {
  edge: `${KIT}/http/edge.hop.test.ts`,
  rpc: `${KIT}/rpc/call.hop.test.ts`,
  outbox: `${KIT}/events/outbox.hop.test.ts`,
  relay: `${KIT}/events/nats/relay.hop.test.ts`,
  consumer: `${KIT}/events/nats/consumer.hop.test.ts`,
  batch: `${KIT}/events/nats/batch.hop.test.ts`,
  queue: `${KIT}/jobs/queue.hop.test.ts`,
  redrive: `${KIT}/events/nats/redrive.hop.test.ts`,
  sse: `${KIT}/http/sse.hop.test.ts`,
  restart: `${KIT}/telemetry/restart.test.ts`,
  outage: `${KIT}/events/nats/outage.hop.test.ts`,
  attempts: `${KIT}/events/nats/attempts.hop.test.ts`,
  stop: `${KIT}/events/nats/stop.hop.test.ts`,
  letters: `${KIT}/events/nats/letters.hop.test.ts`,
} as const;

const mutant = (name: string, file: string, test: string, find: string, replace = ""): Mutant => ({
  name,
  file: `${KIT}/${file}`,
  find,
  replace,
  test,
});

/** Every inject, extract and link line, and the test that must fail without it. */
export const mutants: readonly Mutant[] = [
  // The public edge.
  mutant(
    "edge: foreign baggage passes",
    "http/edge.ts",
    HOP.edge,
    "return propagation.setBaggage(next, baggage).setValue(DECISION, decision);",
    "return next.setValue(DECISION, decision);",
  ),
  mutant("edge: any correlation id passes", "http/edge.ts", HOP.edge, "CORRELATION_ID.test(asked)", "true"),
  mutant("edge: a broken traceparent is not told", "http/edge.ts", HOP.edge, 'refused.push("traceparent")'),
  mutant(
    "edge: no link to a caller whose trace is restarted",
    "http/edge.ts",
    `${KIT}/http/edge.test.ts`,
    "span.addLink(link);",
  ),
  // Correlation, everywhere.
  mutant(
    "correlation: not on spans",
    "telemetry/correlation.ts",
    `${KIT}/telemetry/correlation.test.ts`,
    "if (id !== undefined) span.setAttribute(BATON.correlationId, id);",
  ),
  mutant(
    "correlation: not on log records",
    "telemetry/correlation.ts",
    `${KIT}/telemetry/correlation.test.ts`,
    "if (id !== undefined) record.setAttribute(BATON.correlationId, id);",
  ),
  // Calls.
  mutant("rpc: no inject", "rpc/tracing.ts", HOP.rpc, "propagation.inject(ctx, request.header, setHeader);"),
  mutant(
    "rpc: no extract",
    "rpc/tracing.ts",
    HOP.rpc,
    "propagation.extract(ROOT_CONTEXT, request.headers)",
    "ROOT_CONTEXT",
  ),
  mutant(
    "rpc: no request id",
    "rpc/tracing.ts",
    HOP.rpc,
    "request.header.set(REQUEST_ID_HEADER, requestId);",
  ),
  // The outbox.
  mutant(
    "outbox: no inject at append",
    "events/tracing.ts",
    HOP.outbox,
    "const carrier = inject();",
    "const carrier = {};",
  ),
  mutant(
    "relay: no parent and no link",
    "events/tracing.ts",
    HOP.relay,
    "{ ...options, kind:",
    "{ root: true, kind:",
  ),
  mutant(
    "relay: the sending's context overwrites the creation context",
    "events/relay.ts",
    HOP.relay,
    "carrier: row.carrier, createdMs,",
    `carrier: { traceparent: "00-${"1".repeat(32)}-${"2".repeat(16)}-01" }, createdMs,`,
  ),
  mutant(
    "stream: no inject into the headers",
    "events/head.ts",
    HOP.relay,
    "for (const [key, value] of Object.entries(head.carrier)) headers[key] = value;",
  ),
  mutant(
    "NATS: no inject into the message's headers",
    "events/nats/headers.ts",
    HOP.letters,
    "set: (carrier, key, value) => carrier.set(key, value),",
    'set: (carrier, key, value) => carrier.set(key === "traceparent" ? "lost" : key, value),',
  ),
  mutant(
    "NATS: no extract from the message's headers",
    "events/nats/headers.ts",
    HOP.consumer,
    'if (!RESERVED.test(key)) entries[key] = given?.get(key) ?? "";',
  ),
  // Consumers.
  mutant(
    "stream: no extract from the headers",
    "telemetry/propagation.ts",
    HOP.consumer,
    "if (value) carrier[field] = value;",
  ),
  mutant(
    "stream: the baggage is lost",
    "telemetry/propagation.ts",
    HOP.consumer,
    '["traceparent", "tracestate", "baggage"]',
    '["traceparent", "tracestate"]',
  ),
  mutant(
    "place: no extract",
    "telemetry/propagation.ts",
    HOP.consumer,
    "return propagation.extract(ROOT_CONTEXT, carrier, carrierGetter);",
    "return ROOT_CONTEXT;",
  ),
  mutant(
    "place: extraction starts from whatever is active",
    "telemetry/propagation.ts",
    `${KIT}/telemetry/propagation.test.ts`,
    "return propagation.extract(ROOT_CONTEXT, carrier, carrierGetter);",
    "return propagation.extract(context.active(), carrier, carrierGetter);",
  ),
  mutant(
    "place: no link to the creation context",
    "telemetry/propagation.ts",
    HOP.consumer,
    "if (creation && hang.link) links.push(creation);",
  ),
  mutant(
    "place: link mode keeps the parent",
    "telemetry/propagation.ts",
    HOP.consumer,
    "links, root: true",
    "links",
  ),
  mutant(
    "place: the request's wish is not heard",
    "telemetry/propagation.ts",
    HOP.consumer,
    "return ASYNC_MODES.find((mode) => mode === asked) ?? fallback;",
    "return asked === undefined ? fallback : fallback;",
  ),
  mutant(
    "place: old messages go on in their trace",
    "telemetry/propagation.ts",
    HOP.consumer,
    "nowMs - handover.createdAtMs > STALE_MS",
    "nowMs < 0",
  ),
  mutant(
    "consumer: no link to the attempt before",
    "events/receiver.ts",
    HOP.consumer,
    "previousAttempt: attempt.previous ?? spanContextOf(before),",
  ),
  mutant(
    "consumer: the handler does not know its attempt",
    "events/delivery.ts",
    HOP.consumer,
    "withAttempt(ctx, delivery.attempt)",
    "withAttempt(ctx, 1)",
  ),
  mutant(
    "consumer: a dead letter without its context",
    "events/letters/dead-letters.ts",
    HOP.consumer,
    "writeHead(letter.head)",
    "writeHead({ ...letter.head, carrier: {} })",
  ),
  // Attempts.
  mutant(
    "attempts: one that kills its consumer is not counted",
    "events/attempts.ts",
    HOP.attempts,
    "SET attempts = attempts.attempts + 1, at",
    "SET attempts = attempts.attempts, at",
  ),
  mutant(
    "attempts: what is given back counts as tried",
    "events/attempts.ts",
    HOP.stop,
    "(begun.get(message) ?? 1) - 1",
    "begun.get(message) ?? 1",
  ),
  mutant(
    "attempts: the next one does not know the span of the one before",
    "events/attempts.ts",
    HOP.attempts,
    'previous: spanContextOf(row?.last_span ?? "")',
    "previous: undefined",
  ),
  // Batches.
  mutant("batch: receive does not link", "events/tracing.ts", HOP.batch, "CLIENT, links,", "CLIENT,"),
  mutant(
    "batch: process is not under receive",
    "events/batch.ts",
    HOP.batch,
    'receiver.handle(message, "process in batch", receive)',
    'receiver.handle(message, "process in batch")',
  ),
  // Jobs.
  mutant(
    "queue: no inject into the job",
    "jobs/tracing.ts",
    HOP.queue,
    "carrier: inject(ctx)",
    "carrier: {}",
  ),
  mutant(
    "queue: a flow's send span links to nothing",
    "jobs/tracing.ts",
    HOP.queue,
    "kind: SpanKind.CLIENT, links,",
    "kind: SpanKind.CLIENT,",
  ),
  mutant("worker: no extract from the job", "jobs/tracing.ts", HOP.queue, "  carrier,\n", "  carrier: {},\n"),
  mutant(
    "worker: no link to the attempt before",
    "jobs/tracing.ts",
    HOP.queue,
    "previousAttempt: previous && { ...previous, isRemote: true },",
  ),
  mutant(
    "worker: the children's time counts as wait",
    "jobs/tracing.ts",
    HOP.queue,
    "...Object.values(children)",
    "...[]",
  ),
  mutant(
    "outage: no link to the attempt before",
    "events/delivery.ts",
    HOP.outage,
    "handover: { ...current.handover, previousAttempt: outcome.span },",
  ),
  mutant(
    "outage: asked for in the trace of whoever met it",
    "process/outage.ts",
    `${KIT}/process/outage.test.ts`,
    "AsyncResource.bind(() => this.#wait())",
    "() => this.#wait()",
  ),
  // Sampling.
  mutant(
    "sampler: a linked root decides anew",
    "sdk/sampler.ts",
    `${KIT}/sdk/sampler.test.ts`,
    "if (links.length > 0) return (links.some(isSampled) ? this.#on : this.#off).shouldSample();",
  ),
  mutant(
    "sampler: a caller's flag decides at the edge",
    "sdk/sampler.ts",
    `${KIT}/sdk/sampler.test.ts`,
    "const isBelow = parent !== undefined && parent.isRemote !== true;",
    "const isBelow = parent !== undefined;",
  ),
  mutant(
    "sampler: a caller's trace id decides what a ratio says",
    "sdk/sampler.ts",
    `${KIT}/sdk/sampler.test.ts`,
    'parent === undefined ? traceId : randomBytes(16).toString("hex")',
    "traceId",
  ),
  mutant(
    "carrier: names in another case are not found",
    "telemetry/propagation.ts",
    `${KIT}/telemetry/propagation.test.ts`,
    "key.toLowerCase() === lower",
    "key === lower",
  ),
  mutant(
    "edge: a tracestate is kept in part",
    "http/edge.ts",
    `${KIT}/http/edge.test.ts`,
    "const { traceState: _broken, ...rest } = caller;",
    "const rest = caller;",
  ),
  mutant(
    "faults: found where they are off",
    "service/parts.ts",
    `${KIT}/service/parts.hop.test.ts`,
    "faults ? faultAt : noFault",
    "faults || !faults ? faultAt : noFault",
  ),
  // Redrive, a resumed saga, live status.
  mutant(
    "redrive: no link to the last attempt",
    "events/letters/redrive.ts",
    HOP.redrive,
    "if (lastAttempt) headers[LAST_ATTEMPT] = traceparentOf(lastAttempt);",
  ),
  mutant(
    "redrive: the fault bites again",
    "events/letters/redrive.ts",
    HOP.redrive,
    "withoutFaults(head.carrier)",
    "head.carrier",
  ),
  mutant(
    "redrive: handled as if it came for the first time",
    "events/receiver.ts",
    HOP.redrive,
    'this.#source.kind === "redrives" ? "restart" : moment',
    "moment",
  ),
  mutant(
    "saga: a resumed one does not link to its request",
    "telemetry/restart.ts",
    HOP.restart,
    "const attributes =",
    "options.links = [];\n  const attributes =",
  ),
  mutant(
    "saga: a resumed one does not know its attempt",
    "telemetry/restart.ts",
    HOP.restart,
    "withAttempt(ctx, attempt)",
    "ctx",
  ),
  mutant(
    "live status: the SERVER span lasts as long as the stream",
    "http/sse.ts",
    HOP.sse,
    "endServerSpan(response);",
  ),
];
