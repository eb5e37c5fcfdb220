import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { GAUGE } from "../services/_kit/telemetry/conventions.ts";
import { meaningsOf } from "./meanings.ts";
import { METRICS, seriesNames } from "./metrics.ts";
import { event, label, labelOf, series, unitOf } from "./names.ts";
import { groupedBy, selectorsIn, withoutVariables } from "./promql.ts";
import { queriesOf, readDashboards, readRules } from "./queries.ts";
import { registry } from "./registry.ts";

const metricOfSeries = new Map(METRICS.flatMap((one) => seriesNames(one).map((name) => [name, one.name])));
const attributeOfLabel = new Map([...registry.attributes].map(([name, row]) => [labelOf(name), row]));
/** What remote write makes of the resource, and what a histogram has. */
const ALWAYS = ["job", "instance", "le"];

/** The registry's row of the metric that a series belongs to; undefined for another program's. */
const rowOf = (name: string) => registry.metrics.get(metricOfSeries.get(name) ?? "");

/** The labels that a series of the registry may have. */
const labelsOf = (name: string): readonly string[] => [
  ...ALWAYS,
  ...[...(rowOf(name)?.attributes.keys() ?? [])].map(labelOf),
];

describe("a name", () => {
  test("of a metric, a label or an event that the registry does not have throws", () => {
    expect(() => series("baton.outbox.old")).toThrow("baton.outbox.old is no metric");
    expect(() => unitOf("baton.outbox.old")).toThrow("baton.outbox.old is no metric");
    expect(() => label("http.rout")).toThrow("http.rout is no attribute");
    expect(() => event("order.lost")).toThrow("baton.order.lost is no event");
  });

  test("of the registry is written in no dashboard, alert or status by hand", async () => {
    const written = (file: string) => path.join(import.meta.dirname, "..", file);
    const here = await readdir(written("dashboards"), { recursive: true });
    const files = [
      ...here.map((file) => `dashboards/${file}`),
      ...(await readdir(written("playground/status"))).map((file) => `playground/status/${file}`),
      "playground/commands/status.ts",
    ].filter((file) => /(?<!\.test|\.fixture)\.ts$/.test(file));
    expect(files.length).toBeGreaterThan(20);
    const names = [...registry.metrics.keys()].flatMap((name) => [name, series(name)]);
    const labels = [...registry.attributes.keys()].map(labelOf).filter((name) => name.includes("_"));
    const found = await Promise.all(
      files.map(async (file) => {
        const code = (await readFile(written(file), "utf8")).replaceAll(/^\s*(\/\*\*|\*|\/\/).*$/gm, "");
        return [...names, ...labels]
          .filter((name) => new RegExp(`(?<![\\w.])${RegExp.escape(name)}(?![a-z.])`).test(code))
          .map((name) => `${file} spells ${name}`);
      }),
    );
    expect(found.flat()).toEqual([]);
  });
});

describe("every panel and alert", () => {
  test("selects and groups metrics of the registry only by attributes that they have", async () => {
    let judged = 0;
    const wrong = (await queriesOf()).flatMap(({ dashboard, panel, expr }) => {
      const selectors = selectorsIn(expr);
      const matched = selectors
        .filter(({ series }) => rowOf(series))
        .flatMap(({ series, matchers }) =>
          matchers.filter((one) => !labelsOf(series).includes(one.label)).map((one) => one.label),
        );
      const known = selectors.every(({ series }) => rowOf(series));
      const all = new Set(selectors.flatMap(({ series }) => labelsOf(series)));
      const grouped = known ? groupedBy(expr).filter((name) => !all.has(name)) : [];
      judged += known ? 1 : 0;
      return [...matched, ...grouped].map((name) => `${dashboard}, ${panel}: ${name}`);
    });
    expect(wrong).toEqual([]);
    expect(judged).toBeGreaterThan(40);
  });

  test("selects by values that the registry has", async () => {
    const matchers = (await queriesOf()).flatMap(({ panel, expr }) =>
      selectorsIn(expr)
        .filter(({ series }) => rowOf(series))
        .flatMap((selector) => selector.matchers.map((one) => ({ ...one, panel }))),
    );
    const closed = matchers.flatMap(({ panel, label, op, value }) => {
      const row = attributeOfLabel.get(label);
      const values = row?.name === "baton.event.name" ? [...registry.events.keys()] : row?.values;
      const asked = op === "=" ? [value] : value.replaceAll("\\\\.", ".").split("|");
      return values ? [{ panel, label, asked, values: values.map(String) }] : [];
    });
    expect(closed.filter(({ asked, values }) => !asked.every((one) => values.includes(one)))).toEqual([]);
    expect(new Set(closed.map(({ label }) => label)).size).toBeGreaterThan(4);
  });

  test("that shows a metric as it is, or a quantile of it, has the registry's unit", async () => {
    let judged = 0;
    for (const { title, panels } of await readDashboards())
      for (const { title: panel, fieldConfig, targets = [] } of panels) {
        const plain = targets.map(({ expr }) => withoutVariables(expr)).filter((expr) => isPlain(expr));
        for (const { series } of plain.flatMap(selectorsIn)) {
          const name = metricOfSeries.get(series) ?? "";
          if (!registry.metrics.has(name)) continue;
          expect(fieldConfig?.defaults.unit, `${title}, ${panel}: ${name}`).toBe(unitOf(name));
          judged++;
        }
      }
    expect(judged).toBeGreaterThan(25);
  });

  test("says what its metrics mean in the registry's words", async () => {
    const briefOf = (expr: string) =>
      selectorsIn(withoutVariables(expr)).flatMap(({ series }) => rowOf(series)?.brief ?? []);
    let judged = 0;
    for (const { panels } of await readDashboards())
      for (const { title, description, targets = [] } of panels)
        for (const brief of targets.flatMap(({ expr }) => briefOf(expr))) {
          expect(description, title).toContain(brief);
          judged++;
        }
    for (const { alert, expr, annotations } of await readRules())
      for (const brief of briefOf(expr)) {
        expect(annotations.means, alert).toContain(brief);
        judged++;
      }
    expect(judged).toBeGreaterThan(50);
  });
});

/** Neither a rate of a counter nor a share: a gauge, or a quantile of a histogram. */
const isPlain = (expr: string): boolean =>
  !expr.includes(" / ") && (expr.startsWith("histogram_quantile(") || !expr.includes("rate("));

test("a meaning is named once, with its unit, and another program's metric has none", () => {
  const age = series(GAUGE.outboxAge);
  const { brief = "" } = registry.metrics.get(GAUGE.outboxAge) ?? {};
  expect(meaningsOf([`max(${age}) > 1 or ${age}`, `max(${age})`, "up"])).toEqual([
    `\`${GAUGE.outboxAge}\` (\`s\`): ${brief}`,
  ]);
});
