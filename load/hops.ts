/**
 * Every hop of the shop, once: its span, parent, shape and attributes. Scenarios promise rows of this table, tests
 * compare journeys with it, and a span of the shop without a row here fails the tests.
 *
 * The rows are grouped, for example all hops of a charge. A scenario combines such groups into its promise. Requests
 * that no scenario sends are in `JOURNEYS` and `PAGES`. Data only, because k6 loads it with the scenarios.
 */
import { BATCH, call, edge, event, HTTP, id, job, resume, work } from "./hop-kinds.ts";
import type { HopId, HopRow } from "./shapes.ts";

const ORDERS = "baton.orders.v1.OrderService";
const ACCOUNTS = "baton.accounts.v1.AccountService";
const INVENTORY = "baton.inventory.v1.InventoryService";
const CATALOG = "baton.inventory.v1.CatalogService";
const PAYMENTS = "baton.payments.v1.PaymentService";

const route = (name: string): HopId => id("gateway", name, "SERVER");
const method = (service: string, name: string): HopId => id(service, name, "SERVER");
const CHECKOUT = method("orders", `${ORDERS}/Checkout`);
const CANCEL = method("orders", `${ORDERS}/CancelOrder`);
const RESUMED = id("orders", "resume checkout", "INTERNAL");
const RESUMED_CANCEL = id("orders", "resume cancel", "INTERNAL");
const UNDOING = id("orders", "compensate", "INTERNAL");

/** An e-mail, sent when `notifications` handles the event. */
const letter = (kind: string, type: string): readonly HopRow[] =>
  job(
    "send",
    "notifications",
    "notifications",
    `email.${kind}`,
    id("notifications", `process events.${type}`, "CONSUMER"),
  );

/** From the public edge to the reservation: every checkout with known prices gets this far. */
export const reservation: readonly HopRow[] = [
  edge("POST /api/v1/checkouts"),
  ...call("gateway", "orders", `${ORDERS}/Checkout`, [route("POST /api/v1/checkouts")]),
  ...call("orders", "inventory", `${INVENTORY}/Quote`, [CHECKOUT]),
  ...call("orders", "inventory", `${INVENTORY}/Reserve`, [CHECKOUT]),
  work("inventory", "reserve", [method("inventory", `${INVENTORY}/Reserve`)], "baton.order.id"),
];

/** The charge, only when everything is in stock. */
export const charging: readonly HopRow[] = [
  ...call("orders", "payments", `${PAYMENTS}/Charge`, [CHECKOUT]),
  work("payments", "charge", [method("payments", `${PAYMENTS}/Charge`)], "baton.order.id"),
];

/** The lookup of a charge whose answer was lost. */
const chargeLookup = call("orders", "payments", `${PAYMENTS}/GetCharge`, [CHECKOUT, RESUMED]);

const REQUESTED = id("shipping", "process events.OrderConfirmed", "CONSUMER");
const STEPS = ["pick", "pack", "ship"];

/** Everything after a paid order: e-mail, picking, packing, shipping, analytics. A rejected order has none of it. */
export const fulfilment: readonly HopRow[] = [
  ...event("orders", "OrderConfirmed", [CHECKOUT, RESUMED], {
    single: ["shipping", "notifications"],
    inBatches: ["analytics"],
  }),
  ...STEPS.flatMap((step) => job("create", "shipping", "shipping", `shipping.${step}`, REQUESTED)),
  {
    service: "shipping",
    name: "send shipping.flow",
    kind: "CLIENT",
    shape: "flow",
    under: [REQUESTED],
    jobs: STEPS.map((step) => id("shipping", `create shipping.${step}`, "PRODUCER")),
    attributes: [...BATCH, "messaging.destination.name"],
  },
  ...letter("confirmation", "OrderConfirmed"),
  ...event("shipping", "ParcelShipped", [id("shipping", "process shipping.ship", "CONSUMER")], {
    single: ["orders"],
  }),
  ...event("orders", "OrderShipped", [id("orders", "process events.ParcelShipped", "CONSUMER")], {
    inBatches: ["analytics"],
  }),
];

/** The event of a rejected order. */
export const rejection = event("orders", "OrderRejected", [CHECKOUT, RESUMED], { inBatches: ["analytics"] });

/** The compensation of a checkout: a call gives the stock back. */
export const compensation: readonly HopRow[] = [
  work("orders", "compensate", [CHECKOUT, CANCEL, RESUMED, RESUMED_CANCEL], "baton.compensation"),
  ...call("orders", "inventory", `${INVENTORY}/Release`, [UNDOING]),
];

/** If a charge was begun, a command in a queue refunds it. */
const refundCommand = job("send", "orders", "payments", "payment-commands.refund", UNDOING);

/** What follows when there was money to refund. */
const refund: readonly HopRow[] = [
  ...event("payments", "PaymentRefunded", [id("payments", "process payment-commands.refund", "CONSUMER")], {
    single: ["notifications"],
    inBatches: ["analytics"],
  }),
  ...letter("refund", "PaymentRefunded"),
];

/** A checkout whose saga lost its process, or got stuck, is resumed. It first looks up the charge. */
const resumedCheckout: readonly HopRow[] = [resume("resume checkout", CHECKOUT), ...chargeLookup];

const HISTORY = "GET /api/v1/orders/:id/history";
const LIVE = "GET /api/v1/orders/:id/events";
const getHistory = call("gateway", "orders", `${ORDERS}/GetHistory`, [route(HISTORY), route(LIVE)]);

/** A reading request: one call. */
const reading = (name: string, called: string): readonly HopRow[] => [
  edge(name),
  ...call("gateway", "orders", called, [route(name)]),
];

/** Every change of an item of the catalogue is told by one event. */
const itemChanged = event(
  "inventory",
  "ItemChanged",
  ["CreateItem", "SetPrice", "RestockItem", "RetireItem"].map((name) =>
    method("inventory", `${CATALOG}/${name}`),
  ),
  { inBatches: ["analytics"] },
);

/** A request about the catalogue: one call. */
const ofCatalog = (name: string, called: string): readonly HopRow[] => [
  edge(name),
  ...call("gateway", "inventory", `${CATALOG}/${called}`, [route(name)]),
];

/** Requests and recoveries that no scenario covers, each with all its hops. */
export const JOURNEYS = {
  "sign-up": [
    edge("POST /api/v1/users"),
    ...call("gateway", "orders", `${ACCOUNTS}/CreateUser`, [route("POST /api/v1/users")]),
    ...event("orders", "UserCreated", [method("orders", `${ACCOUNTS}/CreateUser`)], {
      single: ["notifications"],
      inBatches: ["analytics"],
    }),
    ...letter("welcome", "UserCreated"),
  ],
  cancel: [
    edge("DELETE /api/v1/orders/:id"),
    ...call("gateway", "orders", `${ORDERS}/CancelOrder`, [route("DELETE /api/v1/orders/:id")]),
    ...event("orders", "OrderCancelled", [CANCEL], { single: ["shipping"], inBatches: ["analytics"] }),
    ...compensation,
    ...refundCommand,
    ...refund,
  ],
  delivery: [
    edge("PUT /api/v1/orders/:id/status"),
    ...call("gateway", "orders", `${ORDERS}/DeliverOrder`, [route("PUT /api/v1/orders/:id/status")]),
    ...event("orders", "OrderDelivered", [method("orders", `${ORDERS}/DeliverOrder`)], {
      inBatches: ["analytics"],
    }),
  ],
  "a checkout whose charge gives no answer": [...reservation, ...charging, ...chargeLookup, ...fulfilment],
  "a resumed checkout, rejected": [...resumedCheckout, ...compensation, ...refundCommand, ...rejection],
  "a resumed checkout, confirmed": [...resumedCheckout, ...fulfilment],
  "a resumed cancel": [resume("resume cancel", CANCEL), ...compensation, ...refundCommand, ...refund],
  "read a user": reading("GET /api/v1/users/:id", `${ACCOUNTS}/GetUser`),
  "read an order": reading("GET /api/v1/orders/:id", `${ORDERS}/GetOrder`),
  "list orders": reading("GET /api/v1/orders", `${ORDERS}/ListOrders`),
  "read a history": [edge(HISTORY), ...getHistory],
  "watch an order": [edge(LIVE, "stream"), ...getHistory],
  "add an item": [...ofCatalog("POST /api/v1/items", "CreateItem"), ...itemChanged],
  "price an item": [...ofCatalog("PUT /api/v1/items/:sku/price", "SetPrice"), ...itemChanged],
  "restock an item": [...ofCatalog("POST /api/v1/items/:sku/restocks", "RestockItem"), ...itemChanged],
  "retire an item": [...ofCatalog("DELETE /api/v1/items/:sku", "RetireItem"), ...itemChanged],
  "read an item": ofCatalog("GET /api/v1/items/:sku", "GetItem"),
  "list items": ofCatalog("GET /api/v1/items", "ListItems"),
} as const satisfies Record<string, readonly HopRow[]>;

/** Requests that the edge answers by itself. An unknown path has no route, so its span is named by the method alone. */
export const PAGES: readonly HopRow[] = [
  edge("GET /"),
  edge("GET /openapi.json"),
  edge("GET /docs"),
  edge("GET /docs/:file"),
  edge("GET", "edge", HTTP),
];

/** The table: every row once. */
export const HOPS: readonly HopRow[] = [
  ...new Set([
    ...[reservation, charging, fulfilment, rejection, compensation, refundCommand, refund].flat(),
    ...[...Object.values(JOURNEYS), PAGES].flat(),
  ]),
];
