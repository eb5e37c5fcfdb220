import { describe, expect, test } from "vitest";
import { readRegistry } from "../telemetry/registry.ts";
import { METRICS, seriesNames, unknownSeries } from "./metrics.ts";
import { prometheusName } from "./prometheus-name.ts";
import { seriesIn } from "./promql.ts";
import { queriesOf } from "./queries.ts";

describe("the list of metrics", () => {
  test("has every metric of the registry, and nothing else from the services", async () => {
    const { metrics } = await readRegistry();
    const emitted = METRICS.filter(({ after }) => !after?.includes("auto"))
      .filter(({ source }) => ["services", "instrumentation", "sdk"].includes(source))
      .map(({ name }) => name);
    expect(emitted.toSorted()).toEqual([...metrics.keys()].toSorted());
  });

  test("names each once", () => {
    const names = METRICS.map(({ name }) => name);
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
  });

  test("has every series that a panel or an alert asks for", async () => {
    const listed = new Set(METRICS.flatMap(seriesNames));
    const unlisted = (await queriesOf()).flatMap(({ dashboard, panel, expr }) =>
      seriesIn(expr)
        .filter((name) => !listed.has(name))
        .map((name) => `${dashboard}, ${panel}: ${name}`),
    );
    expect(unlisted).toEqual([]);
  });

  test("gives a reason for each metric that is on no dashboard, and only for those", async () => {
    const used = new Set((await queriesOf()).flatMap(({ expr }) => seriesIn(expr)));
    const shown = METRICS.filter((metric) => seriesNames(metric).some((name) => used.has(name)));
    const quiet = METRICS.filter((metric) => !shown.includes(metric));
    expect(quiet.filter(({ unshown }) => !unshown).map(({ name }) => name)).toEqual([]);
    expect(shown.filter(({ unshown }) => unshown).map(({ name }) => name)).toEqual([]);
  });

  test("keeps the names of scraped metrics", () => {
    const series = METRICS.filter(({ source }) => source === "otelcol").flatMap(seriesNames);
    expect(series).toContain("otelcol_receiver_accepted_spans");
  });

  test("finds series in Prometheus that are not in the list, except those of foreign families", () => {
    const held = [
      "baton_message_wait_seconds_bucket",
      "up",
      "go_goroutines",
      "otelcol_process_uptime_seconds_total",
    ];
    expect(unknownSeries(held)).toEqual([]);
    expect(unknownSeries([...held, "baton_new_total", "http_server_thing"])).toEqual([
      "baton_new_total",
      "http_server_thing",
    ]);
  });
});

test.each([
  ["baton.message.wait", "histogram", "s", "baton_message_wait_seconds"],
  ["baton.outbox.age", "gauge", "s", "baton_outbox_age_seconds"],
  ["nodejs.eventloop.utilization", "gauge", "1", "nodejs_eventloop_utilization_ratio"],
  ["postgresql.commits", "counter", "1", "postgresql_commits_total"],
  ["nodejs.eventloop.time", "counter", "s", "nodejs_eventloop_time_seconds_total"],
  ["baton.queue.jobs", "gauge", "{job}", "baton_queue_jobs"],
  ["traces_service_graph_request_total", "counter", "", "traces_service_graph_request_total"],
  ["k6_http_req_duration", "histogram", "ms", "k6_http_req_duration_milliseconds"],
] as const)("%s, a %s in %s, is %s in Prometheus", (name, kind, unit, there) => {
  expect(prometheusName(name, kind, unit)).toBe(there);
});
