/** Do the shop's users get what they ask for? */
import { ATTR, BATON, LIBRARY, METRIC } from "../../services/_kit/telemetry/conventions.ts";
import { event, label, series } from "../names.ts";
import type { AlertGroup } from "./alert.ts";

const ANSWERS = series(LIBRARY.httpServerDuration);
const CHECKOUT = `${label(ATTR.httpRoute)}="/api/v1/checkouts"`;
const FAILED = `${label(ATTR.httpStatus)}=~"5.."`;
const all = `sum(rate(${ANSWERS}_count{${CHECKOUT}}[1m]))`;

const EVENTS = series(METRIC.events);
const UNSETTLED = `${EVENTS}{${label(BATON.eventName)}="${event("order.unsettled")}"}`;

export const checkoutAlerts: AlertGroup = {
  name: "checkout",
  alerts: [
    {
      alert: "CheckoutsFail",
      expr: `(sum(rate(${ANSWERS}_count{${CHECKOUT}, ${FAILED}}[1m]))
  / ${all}
  or 0 * ${all}) > 0.05
`,
      for: "30s",
      severity: "page",
      summary: "More than 5 % of the checkouts fail",
      description:
        "{{ $value | humanizePercentage }} of the checkouts were answered with a 5xx in the last minute.",
      runbook:
        "Fires when orders, inventory or payments is stopped under load. Open the overview's " +
        `"Errors by service and route", take a point of "Duration of a checkout, with traces", and look for the ` +
        "deepest failed span.",
    },
    {
      alert: "CheckoutsSlow",
      expr: `histogram_quantile(0.99, sum by (le) (rate(${ANSWERS}_bucket{${CHECKOUT}}[1m]))) > 1`,
      for: "1m",
      severity: "page",
      summary: "One in a hundred checkouts takes more than a second",
      description: "99 of 100 checkouts are answered within {{ $value | humanizeDuration }}.",
      runbook:
        "Fires with the scenario payment-slow under load. The trace's widest bar shows the slow service; " +
        `"Utilisation" on the runtime dashboard shows whether it is busy or waiting.`,
    },
    {
      alert: "CheckoutOutcomeUnknown",
      // increase() ignores the first value of a series. So a new series' value is added: the first ever, or a new
      // process'.
      expr: `(sum(increase(${UNSETTLED}[5m]) and ${EVENTS} offset 5m) or vector(0))
  + (sum(${UNSETTLED} unless ${EVENTS} offset 5m) or vector(0)) > 0
`,
      severity: "ticket",
      summary: "The outcome of a checkout is not known",
      description: "{{ $value | humanize }} orders stayed PENDING in the last 5 minutes: an answer was lost.",
      runbook:
        `Fires when payments is killed while it charges. The log lines \`${event("order.unsettled")}\` have the order ` +
        "ids; ask lens for the journey of each, and payments for the charge by its key.",
    },
  ],
};
