/** k6's figures beside the services' own: the difference is the network and the wait before the handler. */
import * as units from "@grafana/grafana-foundation-sdk/units";
import { LIBRARY } from "../../services/_kit/telemetry/conventions.ts";
import { dashboard } from "../dashboard.ts";
import { orZero, perSecond, quantile } from "../expr.ts";
import { series } from "../names.ts";
import { lines, number } from "../panel.ts";

const SEEN = series("k6_http_req_duration");
const SERVED = series(LIBRARY.httpServerDuration);
const checks = "sum(rate(k6_checks_total[$__rate_interval]))";

export const load = dashboard(
  {
    name: "load",
    title: "Baton: load",
    description: "k6 beside the services' own view. Start it with: npm run load -- mix --profile steady.",
  },
  {
    title: "At a glance",
    panels: [
      number(
        { title: "Virtual users", description: "Users that run a scenario now.", unit: units.Short },
        "sum(k6_vus)",
      ),
      number(
        { title: "Requests a second", description: "As k6 sends them.", unit: units.RequestsPerSecond },
        "sum(rate(k6_http_reqs_total[$__rate_interval]))",
      ),
      number(
        {
          title: "Failed checks",
          description: "Share of failed expectations. k6 prints the trace id of each: npm run trace -- <id>.",
          unit: units.PercentUnit,
        },
        orZero(`sum(rate(k6_checks_total{condition="zero"}[$__rate_interval])) / ${checks}`, checks),
      ),
      number(
        {
          title: "Iterations a second",
          description: "Whole scenarios that ran to their end.",
          unit: units.OpsPerSecond,
        },
        "sum(rate(k6_iterations_total[$__rate_interval]))",
      ),
    ],
  },
  {
    title: "Both views",
    panels: [
      lines(
        {
          title: "Duration, seen and served, 99 of 100",
          description:
            "When seen is much longer than served, the time passes before the gateway's handler, or in the network.",
          unit: units.Seconds,
          width: 12,
        },
        { expr: `${quantile(0.99, SEEN)} / 1000`, legend: "seen by k6" },
        { expr: quantile(0.99, SERVED, "", 'job="gateway"'), legend: "served by the gateway" },
      ),
      lines(
        {
          title: "Rate, seen and served",
          description:
            "The two lines differ when requests do not arrive, or when other clients than k6 send.",
          unit: units.RequestsPerSecond,
          width: 12,
        },
        { expr: "sum(rate(k6_http_reqs_total[$__rate_interval]))", legend: "sent by k6" },
        {
          expr: `sum(rate(${SERVED}_count{job="gateway"}[$__rate_interval]))`,
          legend: "served by the gateway",
        },
      ),
    ],
  },
  {
    title: "By scenario",
    panels: [
      lines(
        { title: "Requests", description: "By scenario and status.", unit: units.RequestsPerSecond },
        { expr: perSecond("k6_http_reqs_total", "scenario, status"), legend: "{{scenario}} {{status}}" },
      ),
      lines(
        {
          title: "Duration, 99 of 100",
          description: "As k6 sees it, by scenario.",
          unit: units.Milliseconds,
        },
        { expr: quantile(0.99, SEEN, "scenario"), legend: "{{scenario}}" },
      ),
      lines(
        {
          title: "Failed checks by scenario",
          description: "By scenario and check. A declined card that is expected is no failure.",
          unit: units.CountsPerSecond,
        },
        {
          expr: orZero(
            perSecond("k6_checks_total", "scenario, check", 'condition="zero"'),
            perSecond("k6_checks_total", "scenario, check"),
          ),
          legend: "{{scenario}} {{check}}",
        },
      ),
    ],
  },
);
