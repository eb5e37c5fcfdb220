import { readFile } from "node:fs/promises";
import path from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { labelOf } from "./names.ts";
import { type Need, needsOf } from "./needs.ts";
import { PARTS } from "./parts.ts";
import { problemsOf, seriesIn } from "./promql.ts";
import { PROMETHEUS_DIR, queriesOf } from "./queries.ts";

/** The Collector's configuration: sections of components, by their names. */
type Collector = Readonly<Record<string, Readonly<Record<string, unknown>> | undefined>>;

const read = async (file: string): Promise<unknown> => parse(await readFile(file, "utf8"));
const root = path.dirname(import.meta.dirname);
let collector: Collector;
let needs: readonly Need[];
/** A component of the Collector; throws when it has none of that name. */
function component<T>(section: string, name: string): T {
  const found = collector[section]?.[name];
  if (found === undefined) throw new Error(`the Collector has no ${name} among its ${section}`);
  return found as T;
}
beforeAll(async () => {
  collector = (await read(path.join(root, "collector/collector.yaml"))) as Collector;
  needs = needsOf(await queriesOf());
});

describe("the parts that the metrics come through", () => {
  test("are in the Collector's configuration and among Prometheus' targets", async () => {
    const targets = (await read(path.join(PROMETHEUS_DIR, "targets/baton.yaml"))) as {
      labels: Readonly<Record<"job", string>>;
    }[];
    const jobs = targets.map(({ labels }) => labels.job);
    const missing = PARTS.filter(({ name, in: where }) => {
      if (where === "k6") return false;
      return where === "scraped" ? !jobs.includes(name) : !(name in (collector[where] ?? {}));
    });
    expect(missing.map(({ name }) => name)).toEqual([]);
  });

  test("make each metric that is asked for, and each metric comes through one of them", () => {
    const makers = needs.map(({ metric }) => ({
      name: metric.name,
      parts: PARTS.filter(({ makes }) => makes(metric)).map(({ name }) => name),
    }));
    expect(makers.filter(({ parts }) => parts.length !== 1)).toEqual([]);
    const used = new Set(makers.flatMap(({ parts }) => parts));
    const idle = PARTS.filter(({ name }) => !used.has(name)).map(({ name }) => name);
    expect(idle).toEqual(["prometheus_remote_write", "transform/labels"]);
  });

  test("are each known by a query of a metric that is listed", () => {
    const listed = new Set(needs.flatMap(({ series }) => series));
    for (const { name, check } of PARTS) {
      expect(problemsOf(check), name).toEqual([]);
      expect(seriesIn(check).length, name).toBe(1);
      // The counts of a histogram are there when its buckets are.
      const asked = seriesIn(check).map((series) => series.replace(/_count$/, "_bucket"));
      expect(
        asked.filter((series) => !listed.has(series)),
        name,
      ).toEqual([]);
    }
  });
});

describe("labels that come from the Collector", () => {
  const labelsOf = (start: string): Set<string> =>
    new Set(needs.filter(({ metric }) => metric.name.startsWith(start)).flatMap(({ labels }) => labels));

  test("of the span metrics are the connector's own and its dimensions", () => {
    const { dimensions } = component<{ dimensions: { name: string }[] }>("connectors", "span_metrics/all");
    const has = ["job", "service_name", "span_name", "span_kind", "status_code"];
    const known = new Set([...has, ...dimensions.map(({ name }) => labelOf(name))]);
    const asked = [...labelsOf("traces.span.metrics."), ...labelsOf("traces.kept.")];
    expect(asked.filter((label) => !known.has(label))).toEqual([]);
    expect(asked).toContain("span_name");
  });

  test("of the databases are resource attributes that it copies to the points", () => {
    const { metric_statements } = component<{ metric_statements: string[] }>(
      "processors",
      "transform/labels",
    );
    const copied = new Set(
      metric_statements.map((one) => labelOf(/attributes\["([^"]+)"\]/.exec(one)?.[1] ?? "")),
    );
    const asked = [...labelsOf("postgresql.")];
    expect(asked.filter((label) => !copied.has(label))).toEqual([]);
    expect(asked.length).toBeGreaterThan(0);
  });
});

test("exemplars are made of the spans that are kept, and of no others", () => {
  const made = Object.entries(collector.connectors ?? {}).filter(([, connector]) =>
    JSON.stringify(connector ?? {}).includes('"exemplars":{"enabled":true'),
  );
  expect(made.map(([name]) => name)).toEqual(["span_metrics/kept"]);
});
