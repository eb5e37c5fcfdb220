import { charging, compensation, fulfilment, rejection, reservation } from "../hops.ts";
import type { Scenario } from "../scenario.ts";

const scenario: Scenario = {
  name: "checkout",
  title: "A checkout that goes all the way",
  why: "One request becomes calls, events and jobs in every service of the shop, and stays one journey.",
  workflow: "orchestration",
  request: { items: [{ sku: "teapot", quantity: 1 }], token: "tok_visa" },
  faults: [],
  expect: {
    httpStatus: 201,
    answeredStatus: "CONFIRMED",
    orderStatus: "SHIPPED",
    hops: [...reservation, ...charging, ...fulfilment],
    never: [...compensation, ...rejection],
    cause: null,
    waits: ["outbox", "stream", "job"],
    delay: null,
  },
  load: { weight: 80, p95Ms: 1_500 },
};
export default scenario;
