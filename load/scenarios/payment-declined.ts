import type { Scenario } from "../scenario.ts";
import { untilCharge } from "./checkout.ts";

const INVENTORY = "baton.inventory.v1.InventoryService";

const scenario: Scenario = {
  name: "payment-declined",
  title: "A checkout whose card is declined",
  why: "The failure is four spans deep in another service, and what was reserved before it is given back.",
  items: [{ sku: "teapot", quantity: 1 }],
  fault: "payments.charge:declined",
  expect: {
    httpStatus: 402,
    orderStatus: "REJECTED",
    hops: [
      ...untilCharge,
      { service: "orders", name: "compensate", kind: "INTERNAL" },
      { service: "orders", name: `${INVENTORY}/Release`, kind: "CLIENT" },
      { service: "inventory", name: `${INVENTORY}/Release`, kind: "SERVER" },
    ],
    cause: { service: "payments", name: "charge", errorType: "card_declined" },
  },
};
export default scenario;
