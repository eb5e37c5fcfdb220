/**
 * Every hop of the two first scenarios, as data: which span, under which other, of which shape. One file to read for
 * whoever wants to know what a checkout looks like in a trace.
 */
import type { SpanKind } from "../collector/lens/journey/model.ts";
import { ATTR, BATON } from "../services/_kit/telemetry/conventions.ts";

/** The row of the design's table that a span follows; it decides parent and links. */
export type Shape =
  | "root"
  /** A child, without links. */
  | "child"
  /** The relay's: a child of the creation context that links to it. */
  | "send"
  /** As the asynchronous mode says. */
  | "process"
  /** Under the batch's `receive`, linking to the creation context. */
  | "process in batch"
  /** Without a parent, linking to the creation contexts. */
  | "receive"
  /** A child that links to the jobs' creation contexts. */
  | "flow";

export interface ExpectedHop {
  readonly service: string;
  readonly name: string;
  readonly kind: SpanKind;
  readonly shape: Shape;
  /** The span that it hangs under: its caller, or its message's creation. `service|name|kind`; empty for the root. */
  readonly of: string;
  /** The batch's `receive` span, for "process in batch". */
  readonly receive?: string;
  /** All creation contexts that a flow's `send` links to. */
  readonly links?: readonly string[];
  /** Attributes that must be there. */
  readonly attributes: readonly string[];
}

const RPC = [ATTR.rpcSystem, ATTR.rpcMethod, ATTR.rpcStatus, BATON.requestId];
const MESSAGE = [
  ATTR.messagingSystem,
  ATTR.operationName,
  ATTR.operationType,
  ATTR.destination,
  ATTR.destinationTemplate,
  ATTR.messageId,
];
const PROCESS = [...MESSAGE, ATTR.consumerGroup, BATON.attempt, BATON.outcome];
const EVENT = [...PROCESS, ATTR.partition, ATTR.subscription, BATON.waitOutbox, BATON.waitStream];
const JOB = [...PROCESS, BATON.waitJob, BATON.waitJobSince];

const name = (service: string, span: string, kind: SpanKind): string => `${service}|${span}|${kind}`;

/** A call: the CLIENT span under `of`, the SERVER span under that. */
function call(from: string, to: string, method: string, of: string): ExpectedHop[] {
  return [
    {
      service: from,
      name: method,
      kind: "CLIENT",
      shape: "child",
      of,
      attributes: [...RPC, ATTR.serverAddress],
    },
    {
      service: to,
      name: method,
      kind: "SERVER",
      shape: "child",
      of: name(from, method, "CLIENT"),
      attributes: RPC,
    },
  ];
}

/** An event: created under `of`, sent by the relay, handled by single consumers and, if named, by a batching one. */
function event(
  from: string,
  type: string,
  of: string,
  consumers: string[],
  batching?: string,
): ExpectedHop[] {
  const created = name(from, `create events.${type}`, "PRODUCER");
  const handled = {
    name: `process events.${type}`,
    kind: "CONSUMER",
    of: created,
    attributes: EVENT,
  } as const;
  return [
    {
      service: from,
      name: `create events.${type}`,
      kind: "PRODUCER",
      shape: "child",
      of,
      attributes: [...MESSAGE, ATTR.partition, BATON.outboxId],
    },
    {
      service: from,
      name: `send events.${type}`,
      kind: "CLIENT",
      shape: "send",
      of: created,
      attributes: [...MESSAGE, ATTR.partition, BATON.outboxId, BATON.attempt, BATON.waitOutbox],
    },
    ...consumers.map((service): ExpectedHop => ({ ...handled, service, shape: "process" })),
    ...(batching === undefined ? [] : inBatch(batching, handled)),
  ];
}

function inBatch(service: string, handled: Omit<ExpectedHop, "service" | "shape">): ExpectedHop[] {
  const receive = handled.name.replace("process", "receive");
  return [
    {
      service,
      name: receive,
      kind: "CLIENT",
      shape: "receive",
      of: handled.of,
      attributes: [ATTR.messagingSystem, ATTR.operationName, ATTR.operationType, ATTR.batchCount],
    },
    { ...handled, service, shape: "process in batch", receive: name(service, receive, "CLIENT") },
  ];
}

const ORDERS = "baton.orders.v1.OrderService";
const INVENTORY = "baton.inventory.v1.InventoryService";
const PAYMENTS = "baton.payments.v1.PaymentService";
const EDGE = name("gateway", "POST /api/v1/checkouts", "SERVER");
const SAGA = name("orders", `${ORDERS}/Checkout`, "SERVER");

const untilCharge: readonly ExpectedHop[] = [
  {
    service: "gateway",
    name: "POST /api/v1/checkouts",
    kind: "SERVER",
    shape: "root",
    of: "",
    attributes: [ATTR.httpMethod, ATTR.httpRoute, ATTR.httpStatus, ATTR.urlPath, BATON.edge],
  },
  ...call("gateway", "orders", `${ORDERS}/Checkout`, EDGE),
  ...call("orders", "inventory", `${INVENTORY}/Quote`, SAGA),
  ...call("orders", "inventory", `${INVENTORY}/Reserve`, SAGA),
  {
    service: "inventory",
    name: "reserve",
    kind: "INTERNAL",
    shape: "child",
    of: name("inventory", `${INVENTORY}/Reserve`, "SERVER"),
    attributes: [BATON.orderId],
  },
  ...call("orders", "payments", `${PAYMENTS}/Charge`, SAGA),
  {
    service: "payments",
    name: "charge",
    kind: "INTERNAL",
    shape: "child",
    of: name("payments", `${PAYMENTS}/Charge`, "SERVER"),
    attributes: [BATON.orderId],
  },
];

const REQUESTED = name("shipping", "process events.OrderConfirmed", "CONSUMER");
const STEPS = ["pick", "pack", "ship"];
const created = (step: string): string => name("shipping", `create shipping.${step}`, "PRODUCER");

const shipping: readonly ExpectedHop[] = [
  ...STEPS.flatMap((step): ExpectedHop[] => [
    {
      service: "shipping",
      name: `create shipping.${step}`,
      kind: "PRODUCER",
      shape: "child",
      of: REQUESTED,
      attributes: MESSAGE,
    },
    {
      service: "shipping",
      name: `process shipping.${step}`,
      kind: "CONSUMER",
      shape: "process",
      of: created(step),
      attributes: JOB,
    },
  ]),
  {
    service: "shipping",
    name: "send shipping.flow",
    kind: "CLIENT",
    shape: "flow",
    of: REQUESTED,
    links: STEPS.map(created),
    attributes: [
      ATTR.messagingSystem,
      ATTR.operationName,
      ATTR.operationType,
      ATTR.destination,
      ATTR.batchCount,
    ],
  },
];

/** One e-mail, from the event that asks for it. */
const letter = (kind: string, event: string): ExpectedHop[] => [
  {
    service: "notifications",
    name: `send email.${kind}`,
    kind: "PRODUCER",
    shape: "child",
    of: name("notifications", `process events.${event}`, "CONSUMER"),
    attributes: MESSAGE,
  },
  {
    service: "notifications",
    name: `process email.${kind}`,
    kind: "CONSUMER",
    shape: "process",
    of: name("notifications", `send email.${kind}`, "PRODUCER"),
    attributes: JOB,
  },
];

/** A checkout that goes all the way. */
export const goodHops: readonly ExpectedHop[] = [
  ...untilCharge,
  ...event("orders", "OrderConfirmed", SAGA, ["shipping", "notifications"], "analytics"),
  ...shipping,
  ...letter("confirmation", "OrderConfirmed"),
  ...event("shipping", "ParcelShipped", name("shipping", "process shipping.ship", "CONSUMER"), ["orders"]),
  ...event(
    "orders",
    "OrderShipped",
    name("orders", "process events.ParcelShipped", "CONSUMER"),
    [],
    "analytics",
  ),
];

/** A checkout whose card is declined. */
export const declinedHops: readonly ExpectedHop[] = [
  ...untilCharge,
  {
    service: "orders",
    name: "compensate",
    kind: "INTERNAL",
    shape: "child",
    of: SAGA,
    attributes: [BATON.compensation],
  },
  ...call("orders", "inventory", `${INVENTORY}/Release`, name("orders", "compensate", "INTERNAL")),
  ...event("orders", "OrderRejected", SAGA, [], "analytics"),
];

const edgeOf = (route: string): ExpectedHop => ({
  service: "gateway",
  name: route,
  kind: "SERVER",
  shape: "root",
  of: "",
  attributes: [ATTR.httpMethod, ATTR.httpRoute, ATTR.httpStatus, ATTR.urlPath, BATON.edge],
});
const ACCOUNTS = "baton.accounts.v1.AccountService";
const SIGN_UP = "POST /api/v1/users";
const CANCEL = "DELETE /api/v1/orders/:id";

/** Somebody signs up. */
export const signUpHops: readonly ExpectedHop[] = [
  edgeOf(SIGN_UP),
  ...call("gateway", "orders", `${ACCOUNTS}/CreateUser`, name("gateway", SIGN_UP, "SERVER")),
  ...event(
    "orders",
    "UserCreated",
    name("orders", `${ACCOUNTS}/CreateUser`, "SERVER"),
    ["notifications"],
    "analytics",
  ),
  ...letter("welcome", "UserCreated"),
];

/** A confirmed order is called off: released by a call, refunded by a command. */
export const cancelHops: readonly ExpectedHop[] = [
  edgeOf(CANCEL),
  ...call("gateway", "orders", `${ORDERS}/CancelOrder`, name("gateway", CANCEL, "SERVER")),
  ...event(
    "orders",
    "OrderCancelled",
    name("orders", `${ORDERS}/CancelOrder`, "SERVER"),
    ["shipping"],
    "analytics",
  ),
  {
    service: "orders",
    name: "compensate",
    kind: "INTERNAL",
    shape: "child",
    of: name("orders", `${ORDERS}/CancelOrder`, "SERVER"),
    attributes: [BATON.compensation],
  },
  ...call("orders", "inventory", `${INVENTORY}/Release`, name("orders", "compensate", "INTERNAL")),
  {
    service: "orders",
    name: "send payment-commands.refund",
    kind: "PRODUCER",
    shape: "child",
    of: name("orders", "compensate", "INTERNAL"),
    attributes: MESSAGE,
  },
  {
    service: "payments",
    name: "process payment-commands.refund",
    kind: "CONSUMER",
    shape: "process",
    of: name("orders", "send payment-commands.refund", "PRODUCER"),
    attributes: JOB,
  },
  ...event(
    "payments",
    "PaymentRefunded",
    name("payments", "process payment-commands.refund", "CONSUMER"),
    ["notifications"],
    "analytics",
  ),
  ...letter("refund", "PaymentRefunded"),
];

export const hopName = (hop: { service: string; name: string; kind: SpanKind }): string =>
  name(hop.service, hop.name, hop.kind);
