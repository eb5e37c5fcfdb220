import { charging, compensation, fulfilment, rejection, reservation } from "../hops.ts";
import type { Scenario } from "../scenario.ts";

const SLOW_MS = 1_200;

const scenario: Scenario = {
  name: "payment-slow",
  title: "A checkout whose bank takes its time",
  why: "Nothing fails, but everything above the charge is slow: only the trace shows that the charge is the cause.",
  workflow: "orchestration",
  request: { items: [{ sku: "teapot", quantity: 1 }], token: "tok_visa" },
  faults: [`payments.charge:slow(${SLOW_MS})`],
  expect: {
    httpStatus: 201,
    answeredStatus: "CONFIRMED",
    orderStatus: "SHIPPED",
    hops: [...reservation, ...charging, ...fulfilment],
    never: [...compensation, ...rejection],
    cause: null,
    waits: ["outbox", "stream", "job"],
    delay: { service: "payments", name: "charge", atLeastMs: SLOW_MS },
  },
  load: { weight: 5, p95Ms: SLOW_MS + 1_500 },
};
export default scenario;
