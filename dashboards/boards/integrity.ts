/** Does every hop pass the context on, and does everything that was sent arrive? From lens, which gets all spans. */
import * as units from "@grafana/grafana-foundation-sdk/units";
import { ATTR, LIBRARY, METRIC } from "../../services/_kit/telemetry/conventions.ts";
import { dashboard } from "../dashboard.ts";
import { perSecond } from "../expr.ts";
import { label, series } from "../names.ts";
import { lines, number } from "../panel.ts";

const RECORDED = `${series(LIBRARY.spansStarted)}{${label(ATTR.samplingResult)}="RECORD_AND_SAMPLE"}`;
const ERROR = label(ATTR.errorType);

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
            "Spans whose parent should be in the journey but is missing: a hop dropped the context. Should be 0.",
          unit: units.Short,
          width: 8,
        },
        "max(lens_orphan_spans)",
      ),
      number(
        {
          title: "Unsettled",
          description:
            "Older than 30 s, with a missing parent or a message still in flight. npm run trace shows which.",
          unit: units.Short,
          width: 8,
        },
        'max(lens_journeys{state="unsettled"})',
      ),
      number(
        {
          title: "Settled",
          description:
            "No parent missing, every message consumed or dead-lettered. Scenarios check the promised hops.",
          unit: units.Short,
          width: 8,
        },
        'max(lens_journeys{state="settled"})',
      ),
      lines(
        {
          title: "Journeys by state",
          description:
            "In progress, settled, unsettled. Unsettled journeys after a restart were in progress when it happened.",
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
            "Normally three equal lines. A gap below the first is lost in transit, a gap below the second is refused.",
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
            "By signal and reason. malformed and invalid_id: a sender's mistake; busy and too_large: lens' limits.",
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
          description: "A repeated export is dropped by its span ids. Old journeys are evicted to make room.",
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
          description:
            "Bytes of memory used, and the limit at which the oldest settled journeys are evicted.",
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
          title: "Refused headers of callers",
          description:
            "A broken traceparent, oversized baggage or a malformed correlation id: dropped without an error.",
          unit: units.CountsPerSecond,
          width: 24,
        },
        {
          expr: `${perSecond(series(METRIC.edgeRefused), ERROR)} or vector(0)`,
          legend: `{{${ERROR}}}`,
        },
      ),
    ],
  },
);
