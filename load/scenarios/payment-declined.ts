import { charging, compensation, fulfilment, rejection, reservation } from "../hops.ts";
import type { Scenario } from "../scenario.ts";

const scenario: Scenario = {
  name: "payment-declined",
  title: "A checkout whose card is declined",
  why: "The failure is four spans deep in another service, and what was reserved before it is given back.",
  workflow: "orchestration",
  request: { items: [{ sku: "teapot", quantity: 1 }], token: "tok_visa" },
  faults: ["payments.charge:declined"],
  expect: {
    httpStatus: 402,
    answeredStatus: "REJECTED",
    orderStatus: "REJECTED",
    hops: [...reservation, ...charging, ...compensation, ...rejection],
    never: [...fulfilment],
    cause: { service: "payments", name: "charge", errorType: "card_declined" },
    waits: ["outbox", "stream"],
    delay: null,
  },
  load: { weight: 10, p95Ms: 1_500 },
};
export default scenario;
