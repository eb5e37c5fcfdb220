/**
 * Tests of the alerts for `promtool test rules`: for each alert one case in which it fires and a similar one in which
 * it does not. They query `ALERTS`, because `alert_rule_test` would need every word of the annotations.
 */
import { ATTR, BATON, GAUGE, LIBRARY, METRIC } from "../../services/_kit/telemetry/conventions.ts";
import { event, label, series } from "../names.ts";
import { meansOf } from "./alert.ts";
import { ALERTS } from "./groups.ts";

const ANSWERS = series(LIBRARY.httpServerDuration);
const CHECKOUT = `${label(ATTR.httpRoute)}="/api/v1/checkouts"`;
const STATUS = label(ATTR.httpStatus);
const EVENTS = series(METRIC.events);
const EVENT = label(BATON.eventName);
const AGE = series(GAUGE.outboxAge);
const PENDING = series(GAUGE.consumerPending);
const REDELIVERED = series(GAUGE.consumerRedelivered);
const DEAD = series(GAUGE.deadLetters);
const JOBS = series(GAUGE.queueJobs);
const DURABLE = label(ATTR.subscription);
const OWNER = label(BATON.deadLetterOwner);
const QUEUE_NAME = label(ATTR.destination);
const STATE = label(BATON.queueState);

/** All annotations of an alert, with its labels and its value filled in as Prometheus does. JSON is YAML. */
function annotations(name: string, summary: string, description: string): string {
  const alert = ALERTS.flatMap(({ alerts }) => alerts).find((one) => one.alert === name);
  if (!alert) throw new Error(`there is no alert ${name}`);
  return JSON.stringify({ summary, description, runbook: alert.runbook, means: meansOf(alert) });
}

const OUTBOX_STUCK = annotations(
  "OutboxStuck",
  "Events of orders are not sent",
  "The oldest event in its outbox has waited for 1m 0s.",
);

/** The file of tests beside the file of rules, in YAML. */
export const CASES = `# promtool test rules baton.test.yaml. Rendered from dashboards/alerts/cases.ts by npm run dashboards.
rule_files: [baton.rules.yaml]
evaluation_interval: 5s

tests:
  - name: all is well
    interval: 5s
    input_series:
      - { series: '${ANSWERS}_count{${CHECKOUT}, ${STATUS}="201"}', values: "0+50x60" }
      - { series: '${ANSWERS}_count{${CHECKOUT}, ${STATUS}="402"}', values: "0+50x60" }
      - { series: '${ANSWERS}_count{${CHECKOUT}, ${STATUS}="504"}', values: "0+2x60" }
      - { series: '${ANSWERS}_bucket{${CHECKOUT}, le="0.5"}', values: "0+102x60" }
      - { series: '${ANSWERS}_bucket{${CHECKOUT}, le="+Inf"}', values: "0+102x60" }
      - { series: '${EVENTS}{${EVENT}="${event("order.confirmed")}"}', values: "0+50x60" }
      - { series: '${EVENTS}{${EVENT}="${event("order.unsettled")}"}', values: "3x130" }
      - { series: '${AGE}{job="orders"}', values: "0 5 10 15 20 25 29 0x53" }
      - { series: '${PENDING}{${DURABLE}="shipping-OrderConfirmed"}', values: "500x60" }
      - { series: '${REDELIVERED}{${DURABLE}="shipping-OrderConfirmed"}', values: "3x10 0x50" }
      - { series: '${DEAD}{${OWNER}="shipping-OrderConfirmed"}', values: "0x60" }
      - { series: '${JOBS}{${QUEUE_NAME}="email", ${STATE}="failed"}', values: "0x60" }
      - { series: '${JOBS}{${QUEUE_NAME}="email", ${STATE}="wait"}', values: "900x60" }
      - { series: "lens_orphan_spans", values: "4x5 0x55" }
      - { series: 'lens_journeys{state="unsettled"}', values: "5x60" }
      - { series: 'lens_journeys{state="under_way"}', values: "90x60" }
      - { series: 'up{job="lens"}', values: "1 0 1x58" }
      - { series: 'otelcol_receiver_refused_spans{receiver="otlp"}', values: "7x60" }
      - { series: 'otelcol_receiver_refused_log_records{receiver="otlp"}', values: "7x60" }
      - { series: 'otelcol_receiver_refused_metric_points{receiver="otlp"}', values: "7x60" }
      - { series: 'otelcol_exporter_sent_spans{exporter="otlp_http/lens"}', values: "0+100x60" }
      - { series: 'otelcol_exporter_queue_size{exporter="otlp_http/lens", data_type="traces"}', values: "50x60" }
      - { series: 'otelcol_exporter_queue_capacity{exporter="otlp_http/lens", data_type="traces"}', values: "100x60" }
      - { series: 'lens_refused_total{signal="traces", reason="malformed"}', values: "2x60" }
    promql_expr_test:
      # A series that exists from the start may have been counted in the last five minutes, so this alert may fire then.
      - { expr: 'ALERTS{alertstate="firing", alertname!="CheckoutOutcomeUnknown"}', eval_time: 1m, exp_samples: [] }
      - { expr: 'ALERTS{alertstate="firing", alertname!="CheckoutOutcomeUnknown"}', eval_time: 3m, exp_samples: [] }
      - { expr: 'ALERTS{alertstate="firing", alertname!="CheckoutOutcomeUnknown"}', eval_time: 5m, exp_samples: [] }
      - { expr: 'ALERTS{alertstate="firing"}', eval_time: 8m, exp_samples: [] }

  - name: nothing has happened yet, and half of the series do not exist
    interval: 5s
    input_series:
      - { series: 'up{job="lens"}', values: "1x60" }
    promql_expr_test:
      - { expr: ALERTS, eval_time: 4m, exp_samples: [] }

  - name: a service is down under load
    interval: 5s
    input_series:
      - { series: '${ANSWERS}_count{${CHECKOUT}, ${STATUS}="201"}', values: "0+50x60" }
      - { series: '${ANSWERS}_count{${CHECKOUT}, ${STATUS}="503"}', values: "0+5x60" }
      - { series: '${ANSWERS}_bucket{${CHECKOUT}, le="1"}', values: "0+50x60" }
      - { series: '${ANSWERS}_bucket{${CHECKOUT}, le="2.5"}', values: "0+55x60" }
      - { series: '${ANSWERS}_bucket{${CHECKOUT}, le="+Inf"}', values: "0+55x60" }
      - { series: '${EVENTS}{${EVENT}="${event("order.unsettled")}"}', values: "_x30 1x30" }
    promql_expr_test:
      - expr: 'count by (alertname, severity) (ALERTS{alertstate="firing"})'
        eval_time: 2m
        exp_samples:
          - { labels: '{alertname="CheckoutsFail", severity="page"}', value: 1 }
          - { labels: '{alertname="CheckoutsSlow", severity="page"}', value: 1 }
      - expr: 'count by (alertname) (ALERTS{alertstate="firing", alertname="CheckoutOutcomeUnknown"})'
        eval_time: 3m
        exp_samples:
          - { labels: '{alertname="CheckoutOutcomeUnknown"}', value: 1 }

  - name: only failures, whose series did not exist before
    interval: 5s
    input_series:
      - { series: '${ANSWERS}_count{${CHECKOUT}, ${STATUS}="503"}', values: "0+5x60" }
    promql_expr_test:
      - expr: 'count by (alertname) (ALERTS{alertstate="firing"})'
        eval_time: 2m
        exp_samples:
          - { labels: '{alertname="CheckoutsFail"}', value: 1 }

  - name: NATS is unreachable, and comes back
    interval: 5s
    input_series:
      - { series: '${AGE}{job="orders", instance="a"}', values: "0+5x20 0x40" }
      - { series: '${AGE}{job="orders", instance="b"}', values: "0+5x20 0x40" }
      - { series: '${AGE}{job="shipping"}', values: "0x60" }
    alert_rule_test:
      - alertname: OutboxStuck
        eval_time: 1m
        exp_alerts:
          - exp_labels: { job: orders, severity: page }
            exp_annotations: ${OUTBOX_STUCK}
      - { alertname: OutboxStuck, eval_time: 30s, exp_alerts: [] }
      - { alertname: OutboxStuck, eval_time: 3m, exp_alerts: [] }

  - name: consumers lag, fail and give up
    interval: 5s
    input_series:
      - { series: '${PENDING}{${DURABLE}="shipping-OrderConfirmed"}', values: "501x60" }
      - { series: '${REDELIVERED}{${DURABLE}="analytics-OrderShipped"}', values: "1x60" }
      - { series: '${DEAD}{${OWNER}="orders-ParcelShipped", instance="a"}', values: "0x10 1x50" }
      - { series: '${DEAD}{${OWNER}="orders-ParcelShipped", instance="b"}', values: "0x10 1x50" }
      - { series: '${JOBS}{${QUEUE_NAME}="email", ${STATE}="failed"}', values: "0x10 2x50" }
    promql_expr_test:
      - expr: 'max by (alertname, ${DURABLE}, ${OWNER}, ${QUEUE_NAME}) (ALERTS{alertstate="firing"})'
        eval_time: 2m
        exp_samples:
          - { labels: '{alertname="ConsumerLags", ${DURABLE}="shipping-OrderConfirmed"}', value: 1 }
          - { labels: '{alertname="MessagesComeAgain", ${DURABLE}="analytics-OrderShipped"}', value: 1 }
          - { labels: '{alertname="DeadLetters", ${OWNER}="orders-ParcelShipped"}', value: 1 }
          - { labels: '{alertname="JobsFail", ${QUEUE_NAME}="email"}', value: 1 }

  - name: journeys are incomplete, and telemetry is refused
    interval: 5s
    input_series:
      - { series: "lens_orphan_spans", values: "1x60" }
      - { series: 'lens_journeys{state="unsettled"}', values: "6x60" }
      - { series: 'up{job="lens"}', values: "1x10 0x50" }
      - { series: 'otelcol_receiver_refused_spans{receiver="otlp"}', values: "0+1x60" }
      - { series: 'otelcol_receiver_refused_log_records{receiver="otlp"}', values: "0x60" }
      - { series: 'otelcol_receiver_refused_metric_points{receiver="otlp"}', values: "0x60" }
      - { series: 'otelcol_exporter_sent_spans{exporter="otlp_grpc/jaeger"}', values: "0+100x60" }
      - { series: 'otelcol_exporter_send_failed_spans{exporter="otlp_grpc/jaeger"}', values: "0+1x60" }
      - { series: 'otelcol_exporter_queue_size{exporter="otlp_grpc/jaeger", data_type="traces"}', values: "51x60" }
      - { series: 'otelcol_exporter_queue_capacity{exporter="otlp_grpc/jaeger", data_type="traces"}', values: "100x60" }
      - { series: 'lens_refused_total{signal="traces", reason="malformed"}', values: "0+1x60" }
    promql_expr_test:
      - expr: 'count by (alertname) (ALERTS{alertstate="firing"})'
        eval_time: 2m
        exp_samples:
          - { labels: '{alertname="ContextDropped"}', value: 1 }
          - { labels: '{alertname="JourneysUnsettled"}', value: 1 }
          - { labels: '{alertname="TargetDown"}', value: 1 }
          - { labels: '{alertname="CollectorRefuses"}', value: 1 }
          - { labels: '{alertname="ExportFails"}', value: 1 }
          - { labels: '{alertname="ExportQueueFills"}', value: 1 }
          - { labels: '{alertname="LensRefuses"}', value: 1 }
`;
