/**
 * How the rows of `hops.ts` are written: one function for each kind of hop, which knows its spans, their shapes and the
 * attributes that they must carry. Data only, for k6: attributes are plain strings, and a test compares them with
 * `services/_kit/telemetry/conventions.ts`.
 */
import type { Hop } from "./scenario.ts";
import { type HopId, type HopRow, hopId, type Shape } from "./shapes.ts";

export const HTTP = ["http.request.method", "http.response.status_code", "url.path", "baton.edge.trace"];
const RPC = ["rpc.system.name", "rpc.method", "rpc.status_code", "baton.request.id"];
const OPERATION = [
  "messaging.system.name",
  "messaging.operation.name",
  "messaging.operation.type",
  "server.address",
];
const MESSAGE = [
  ...OPERATION,
  "messaging.destination.name",
  "messaging.message.id",
  "messaging.message.conversation_id",
];
const EVENT = [...MESSAGE, "messaging.destination.template", "messaging.destination.partition.id"];
const JOB = [...MESSAGE, "baton.job.name"];
const OUTBOX = [...EVENT, "baton.outbox.id"];
const SENT = [...OUTBOX, "baton.delivery.attempt", "baton.wait.outbox"];
const HANDLED = ["baton.delivery.attempt", "baton.delivery.outcome"];
const CONSUMER = ["messaging.consumer.group.name", "messaging.destination.subscription.name"];
const EVENT_HANDLED = [...EVENT, ...HANDLED, ...CONSUMER, "baton.wait.outbox", "baton.wait.stream"];
const JOB_HANDLED = [...JOB, ...HANDLED, "baton.wait.job", "baton.wait.since"];
export const BATCH = [...OPERATION, "messaging.batch.message_count"];

type Kind = Hop["kind"];
export const id = (service: string, name: string, kind: Kind): HopId => hopId({ service, name, kind });

/** A request at the public edge, by method and route. */
export const edge = (
  name: string,
  shape: Shape = "edge",
  attributes: readonly string[] = [...HTTP, "http.route"],
): HopRow => ({
  service: "gateway",
  name,
  kind: "SERVER",
  shape,
  under: [],
  attributes,
});

/** A call: the CLIENT span under one of `under`, the SERVER span under that. */
export const call = (
  from: string,
  to: string,
  method: string,
  under: readonly HopId[],
): readonly HopRow[] => [
  {
    service: from,
    name: method,
    kind: "CLIENT",
    shape: "call",
    under,
    attributes: [...RPC, "server.address"],
  },
  {
    service: to,
    name: method,
    kind: "SERVER",
    shape: "call",
    under: [id(from, method, "CLIENT")],
    attributes: RPC,
  },
];

/** A use case that has its own span. */
export const work = (
  service: string,
  name: string,
  under: readonly HopId[],
  ...attributes: string[]
): HopRow => ({
  service,
  name,
  kind: "INTERNAL",
  shape: "work",
  under,
  attributes,
});

/** A resumed saga: a new trace that links to the call that began the saga. */
export const resume = (name: string, under: HopId): HopRow => ({
  ...work("orders", name, [under], "baton.delivery.attempt"),
  shape: "restart",
});

/** An event: created under one of `under`, sent by the relay, handled one by one (`single`) or in batches. */
export function event(
  from: string,
  type: string,
  under: readonly HopId[],
  {
    single = [],
    inBatches = [],
  }: { readonly single?: readonly string[]; readonly inBatches?: readonly string[] },
): readonly HopRow[] {
  const destination = `events.${type}`;
  const created = id(from, `create ${destination}`, "PRODUCER");
  const handled = {
    name: `process ${destination}`,
    kind: "CONSUMER",
    under: [created],
    attributes: EVENT_HANDLED,
  } as const;
  const received = {
    name: `receive ${destination}`,
    kind: "CLIENT",
    under: [created],
    attributes: [...BATCH, ...CONSUMER],
  } as const;
  return [
    {
      service: from,
      name: `create ${destination}`,
      kind: "PRODUCER",
      shape: "append",
      under,
      attributes: OUTBOX,
    },
    {
      service: from,
      name: `send ${destination}`,
      kind: "CLIENT",
      shape: "send",
      under: [created],
      attributes: SENT,
    },
    ...single.map((service): HopRow => ({ ...handled, service, shape: "process" })),
    ...inBatches.flatMap((service): HopRow[] => [
      { ...received, service, shape: "receive" },
      { ...handled, service, shape: "process in batch", receive: id(service, received.name, "CLIENT") },
    ]),
  ];
}

/** A job: the span `<operation> <destination>` adds it under `under`, a worker of `to` handles it. */
export const job = (
  operation: "create" | "send",
  from: string,
  to: string,
  destination: string,
  under: HopId,
): readonly HopRow[] => [
  {
    service: from,
    name: `${operation} ${destination}`,
    kind: "PRODUCER",
    shape: "add",
    under: [under],
    attributes: JOB,
  },
  {
    service: to,
    name: `process ${destination}`,
    kind: "CONSUMER",
    shape: "process",
    under: [id(from, `${operation} ${destination}`, "PRODUCER")],
    attributes: JOB_HANDLED,
  },
];
