import { charging, compensation, fulfilment, rejection, reservation } from "../hops.ts";
import type { Scenario } from "../scenario.ts";

const scenario: Scenario = {
  name: "out-of-stock",
  title: "A checkout of something that is sold out",
  why: "The saga ends at its second step: there is no charge, and nothing to give back.",
  workflow: "orchestration",
  // The catalogue has it with a stock of 0, so that runs do not compete for a last piece.
  request: { items: [{ sku: "sold-out", quantity: 1 }], token: "tok_visa" },
  faults: [],
  expect: {
    httpStatus: 409,
    answeredStatus: "REJECTED",
    orderStatus: "REJECTED",
    hops: [...reservation, ...rejection],
    never: [...charging, ...compensation, ...fulfilment],
    cause: { service: "inventory", name: "reserve", errorType: "out_of_stock" },
    waits: ["outbox", "stream"],
    delay: null,
  },
  load: { weight: 5, p95Ms: 1_500 },
};
export default scenario;
