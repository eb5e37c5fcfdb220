/** The home dashboard: is the shop healthy, and if not, which trace shows why? */
import * as units from "@grafana/grafana-foundation-sdk/units";
import { ATTR, BATON, LIBRARY, METRIC } from "../../services/_kit/telemetry/conventions.ts";
import { dashboard } from "../dashboard.ts";
import { orZero, perSecond, quantile } from "../expr.ts";
import { SERVICE } from "../links.ts";
import { event, label, series, unitOf } from "../names.ts";
import { lines, logs, number } from "../panel.ts";

const CALLS = series("traces.span.metrics.calls");
const DURATION = series("traces.span.metrics.duration");
/** The span metrics after sampling: their exemplars lead to traces that were kept. */
const SAMPLED = series("traces.kept.duration");
const SERVER = 'span_kind="SPAN_KIND_SERVER"';
const FAILED = 'status_code="STATUS_CODE_ERROR"';
const HTTP = series(LIBRARY.httpServerDuration);
const STATUS = label(ATTR.httpStatus);
const CHECKOUT = `${label(ATTR.httpRoute)}="/api/v1/checkouts"`;
const EVENTS = series(METRIC.events);
const EVENT = label(BATON.eventName);
const REASON = label(BATON.eventReason);
const OUTCOMES = ["placed", "confirmed", "rejected", "unsettled"].map((outcome) => event(`order.${outcome}`));
const DECISIVE = `${EVENT}=~"${OUTCOMES.join("|").replaceAll(".", "\\\\.")}"`;

const answers = `sum(rate(${HTTP}_count{${CHECKOUT}}[$__rate_interval]))`;

export const overview = dashboard(
  {
    name: "overview",
    title: "Baton: checkout overview",
    description: "Rate, errors and duration of every service and route, and what became of the checkouts.",
  },
  {
    title: "At a glance",
    panels: [
      number(
        {
          title: "Checkouts a second",
          description: "Answered by the gateway with any status. 0 without load: npm run load -- mix.",
          unit: units.RequestsPerSecond,
        },
        answers,
      ),
      number(
        {
          title: "Checkouts that failed",
          description:
            "Share answered with a 5xx. A declined card (402) or missing stock (409) is no failure.",
          unit: units.PercentUnit,
        },
        orZero(
          `sum(rate(${HTTP}_count{${CHECKOUT}, ${STATUS}=~"5.."}[$__rate_interval])) / ${answers}`,
          answers,
        ),
      ),
      number(
        {
          title: "99 of 100 answered within",
          description:
            "The checkout at the gateway. The pipeline's dashboard shows the work after the answer.",
          unit: unitOf(LIBRARY.httpServerDuration),
        },
        quantile(0.99, HTTP, "", CHECKOUT),
      ),
      number(
        {
          title: "Alerts firing",
          description:
            "Rules of provisioning/prometheus/rules. Each has a runbook line; Prometheus' page lists them.",
          unit: units.Short,
        },
        'count(ALERTS{alertstate="firing"}) or vector(0)',
      ),
    ],
  },
  {
    title: "Rate, errors, duration",
    panels: [
      lines(
        {
          title: "Rate by service and route",
          traces: SERVICE,
          description: "Calls a second that each service answered, from the spans, before any sampling.",
          unit: units.RequestsPerSecond,
        },
        { expr: perSecond(CALLS, "job, span_name", SERVER), legend: "{{job}} {{span_name}}" },
      ),
      lines(
        {
          title: "Errors by service and route",
          traces: SERVICE,
          description:
            "Server spans with the status Error. A caller's mistake (4xx) leaves the status unset.",
          unit: units.RequestsPerSecond,
        },
        {
          expr: orZero(
            perSecond(CALLS, "job, span_name", `${SERVER}, ${FAILED}`),
            perSecond(CALLS, "job, span_name", SERVER),
          ),
          legend: "{{job}} {{span_name}}",
        },
      ),
      lines(
        {
          title: "Duration by service and route, 99 of 100",
          traces: SERVICE,
          description: "From the spans. The points in the panel below lead to traces.",
          unit: units.Seconds,
        },
        { expr: quantile(0.99, DURATION, "job, span_name", SERVER), legend: "{{job}} {{span_name}}" },
      ),
      lines(
        {
          title: "Duration of a checkout, with traces",
          traces: "gateway",
          description:
            "At the gateway. Each point is a request: click it for its trace in Jaeger or its journey in lens. " +
            "From the metrics taken after sampling, so that every point's trace was kept.",
          unit: units.Seconds,
          width: 12,
        },
        { expr: quantile(0.5, SAMPLED, "", `${SERVER}, job="gateway"`), legend: "half", exemplars: true },
        {
          expr: quantile(0.99, SAMPLED, "", `${SERVER}, job="gateway"`),
          legend: "99 of 100",
          exemplars: true,
        },
      ),
      lines(
        {
          title: "Answers by status",
          description: "Of the checkout: 201 confirmed, 402 declined, 409 out of stock, 504 outcome unknown.",
          unit: units.RequestsPerSecond,
          width: 12,
        },
        {
          expr: perSecond(`${HTTP}_count`, STATUS, CHECKOUT),
          legend: `{{${STATUS}}}`,
        },
      ),
    ],
  },
  {
    title: "The saga",
    panels: [
      lines(
        {
          title: "Outcomes",
          description:
            "Orders placed and their outcomes: confirmed, rejected with a reason, or unsettled (the answer of a " +
            "step was lost, the order stays PENDING).",
          unit: units.CountsPerSecond,
        },
        {
          expr: perSecond(EVENTS, `${EVENT}, ${REASON}`, DECISIVE),
          legend: `{{${EVENT}}} {{${REASON}}}`,
        },
      ),
      lines(
        {
          title: "Failed work inside",
          traces: SERVICE,
          description:
            "Failed spans that are not server spans: a declined charge, an attempt that will be retried.",
          unit: units.CountsPerSecond,
        },
        {
          expr: orZero(
            perSecond(CALLS, "job, span_name", `span_kind!="SPAN_KIND_SERVER", ${FAILED}`),
            perSecond(CALLS, "job, span_name", 'span_kind="SPAN_KIND_INTERNAL"'),
          ),
          legend: "{{job}} {{span_name}}",
        },
      ),
      lines(
        {
          title: "Who calls whom",
          description:
            "Pairs of spans: calls, and messages whose sender and receiver were found within two minutes. Longer " +
            "waits and redrives are on lens' map.",
          unit: units.RequestsPerSecond,
        },
        {
          expr: perSecond(series("traces_service_graph_request_total"), "client, server, connection_type"),
          legend: "{{client}} to {{server}} {{connection_type}}",
        },
      ),
    ],
  },
  {
    title: "Logs",
    panels: [
      logs(
        {
          title: "Warnings and errors",
          description:
            "Each line leads to its trace and, by its correlation id, to its whole journey. Needs Loki.",
        },
        `{${label(ATTR.serviceName)}=~".+"} | severity_text=~"(?i)warn|error|fatal"`,
      ),
    ],
  },
);
