/** Does every hop hand the baton on, and does everything that was sent arrive? As lens sees it, which takes all. */
import * as units from "@grafana/grafana-foundation-sdk/units";
import { dashboard } from "./dashboard.ts";
import { lines, number } from "./panel.ts";

const RECORDED = 'otel_sdk_span_started_total{otel_span_sampling_result="RECORD_AND_SAMPLE"}';

export const integrity = dashboard(
  {
    name: "integrity",
    title: "Baton: journey integrity",
    description:
      "Orphans, journeys that do not settle, and spans sent, received, stored, evicted and refused.",
  },
  {
    title: "The latest journeys",
    panels: [
      number(
        {
          title: "Orphans",
          description:
            "Spans whose parent should be inside and is missing: a hop dropped the context. 0, or find the hop.",
          unit: units.Short,
          width: 8,
        },
        "max(lens_orphan_spans)",
      ),
      number(
        {
          title: "Unsettled",
          description:
            "Older than 30 s, and still a parent missing or a message under way. npm run trace shows which.",
          unit: units.Short,
          width: 8,
        },
        'max(lens_journeys{state="unsettled"})',
      ),
      number(
        {
          title: "Settled",
          description:
            "No parent missing, every message consumed or dead-lettered. Whether each promised hop is there is a scenario's verdict.",
          unit: units.Short,
          width: 8,
        },
        'max(lens_journeys{state="settled"})',
      ),
      lines(
        {
          title: "Journeys by state",
          description:
            "Under way, settled, unsettled. A growing unsettled share after a restart is what was in hand then.",
          unit: units.Short,
          width: 24,
        },
        { expr: "max by (state) (lens_journeys)", legend: "{{state}}" },
      ),
    ],
  },
  {
    title: "Spans, from the services to the store",
    panels: [
      lines(
        {
          title: "Started, received, stored",
          description:
            "Three lines upon each other. A gap below the first is lost on the way, below the second refused.",
          unit: units.CountsPerSecond,
          width: 12,
        },
        { expr: `sum(rate(${RECORDED}[$__rate_interval]))`, legend: "started by the services" },
        {
          expr: 'sum(rate(lens_received_total{signal="traces"}[$__rate_interval]))',
          legend: "received by lens",
        },
        { expr: 'sum(rate(lens_stored_total{signal="traces"}[$__rate_interval]))', legend: "stored" },
      ),
      lines(
        {
          title: "Refused",
          description:
            "By signal and reason. malformed and invalid_id are a sender's fault, busy and too_large lens' bounds.",
          unit: units.CountsPerSecond,
          width: 12,
        },
        {
          expr: "sum by (signal, reason) (rate(lens_refused_total[$__rate_interval]))",
          legend: "{{signal}} {{reason}}",
        },
      ),
      lines(
        {
          title: "Received by signal",
          description:
            "Spans, log records and metric points. Metric points are only counted: Prometheus keeps them.",
          unit: units.CountsPerSecond,
        },
        { expr: "sum by (signal) (rate(lens_received_total[$__rate_interval]))", legend: "{{signal}}" },
      ),
      lines(
        {
          title: "Duplicates and evicted",
          description:
            "A repeated export is dropped by its span ids. Evicted is what made room: old journeys are gone then.",
          unit: units.CountsPerSecond,
        },
        {
          expr: "sum by (signal) (rate(lens_duplicates_total[$__rate_interval]))",
          legend: "{{signal}} duplicates",
        },
        {
          expr: "sum by (signal) (rate(lens_evicted_total[$__rate_interval]))",
          legend: "{{signal}} evicted",
        },
      ),
      lines(
        {
          title: "The store",
          description: "Bytes of memory used, and the bound at which the oldest settled journeys go.",
          unit: units.BytesIEC,
        },
        { expr: "max(lens_store_bytes)", legend: "used" },
        { expr: "max(lens_store_limit_bytes)", legend: "bound" },
      ),
    ],
  },
  {
    title: "At the edge",
    panels: [
      lines(
        {
          title: "Refused of callers' headers",
          description:
            "A broken traceparent, oversized baggage or an ill-formed correlation id: dropped, and no error.",
          unit: units.CountsPerSecond,
          width: 24,
        },
        {
          expr: "sum by (error_type) (rate(baton_edge_refused_total[$__rate_interval])) or vector(0)",
          legend: "{{error_type}}",
        },
      ),
    ],
  },
);
