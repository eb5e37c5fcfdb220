import type { Hop, Scenario } from "../scenario.ts";

const rpc = (service: string, name: string, kind: "CLIENT" | "SERVER"): Hop => ({ service, name, kind });
const ORDERS = "baton.orders.v1.OrderService";
const INVENTORY = "baton.inventory.v1.InventoryService";
const PAYMENTS = "baton.payments.v1.PaymentService";

/** An event's way: created with the change, sent by the relay, handled by a consumer. */
const event = (from: string, type: string, to: readonly string[]): Hop[] => [
  { service: from, name: `create events.${type}`, kind: "PRODUCER" },
  { service: from, name: `send events.${type}`, kind: "CLIENT" },
  ...to.map((service): Hop => ({ service, name: `process events.${type}`, kind: "CONSUMER" })),
];

/** From the public edge to the reservation: every checkout that is priced gets this far. */
export const untilReserve: readonly Hop[] = [
  { service: "gateway", name: "POST /api/v1/checkouts", kind: "SERVER" },
  rpc("gateway", `${ORDERS}/Checkout`, "CLIENT"),
  rpc("orders", `${ORDERS}/Checkout`, "SERVER"),
  rpc("orders", `${INVENTORY}/Quote`, "CLIENT"),
  rpc("inventory", `${INVENTORY}/Quote`, "SERVER"),
  rpc("orders", `${INVENTORY}/Reserve`, "CLIENT"),
  rpc("inventory", `${INVENTORY}/Reserve`, "SERVER"),
  { service: "inventory", name: "reserve", kind: "INTERNAL" },
];

/** The charge: only for what is in stock. */
export const charging: readonly Hop[] = [
  rpc("orders", `${PAYMENTS}/Charge`, "CLIENT"),
  rpc("payments", `${PAYMENTS}/Charge`, "SERVER"),
  { service: "payments", name: "charge", kind: "INTERNAL" },
];

/** The first event of an order that is paid: what is rejected never gets here. */
export const confirmed: Hop = { service: "orders", name: "create events.OrderConfirmed", kind: "PRODUCER" };

const job = (service: string, name: string): Hop => ({ service, name: `process ${name}`, kind: "CONSUMER" });

/** All that follows a paid order: e-mail, picking, packing, shipping, the books. */
export const fulfilment: readonly Hop[] = [
  ...event("orders", "OrderConfirmed", ["shipping", "notifications", "analytics"]),
  { service: "analytics", name: "receive events.OrderConfirmed", kind: "CLIENT" },
  { service: "shipping", name: "create shipping.pick", kind: "PRODUCER" },
  { service: "shipping", name: "create shipping.pack", kind: "PRODUCER" },
  { service: "shipping", name: "create shipping.ship", kind: "PRODUCER" },
  { service: "shipping", name: "send shipping.flow", kind: "CLIENT" },
  job("shipping", "shipping.pick"),
  job("shipping", "shipping.pack"),
  job("shipping", "shipping.ship"),
  { service: "notifications", name: "send email.confirmation", kind: "PRODUCER" },
  job("notifications", "email.confirmation"),
  ...event("shipping", "ParcelShipped", ["orders"]),
  ...event("orders", "OrderShipped", ["analytics"]),
  { service: "analytics", name: "receive events.OrderShipped", kind: "CLIENT" },
];

/** How an order that came to nothing is told. */
export const rejected: readonly Hop[] = [
  ...event("orders", "OrderRejected", ["analytics"]),
  { service: "analytics", name: "receive events.OrderRejected", kind: "CLIENT" },
];

/** What a reservation needs that comes to nothing. */
export const compensation: readonly Hop[] = [
  { service: "orders", name: "compensate", kind: "INTERNAL" },
  rpc("orders", `${INVENTORY}/Release`, "CLIENT"),
  rpc("inventory", `${INVENTORY}/Release`, "SERVER"),
];

const scenario: Scenario = {
  name: "checkout",
  title: "A checkout that goes all the way",
  why: "One request becomes calls, events and jobs in seven services, and stays one journey.",
  workflow: "orchestration",
  request: { items: [{ sku: "teapot", quantity: 1 }], token: "tok_visa" },
  faults: [],
  expect: {
    httpStatus: 201,
    answeredStatus: "CONFIRMED",
    orderStatus: "SHIPPED",
    hops: [...untilReserve, ...charging, ...fulfilment],
    never: [...compensation, ...rejected],
    cause: null,
    waits: ["outbox", "stream", "job"],
    delay: null,
  },
  load: { weight: 80, p95Ms: 1_500 },
};
export default scenario;
