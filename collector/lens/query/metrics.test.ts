import { describe, expect, test } from "vitest";
import { textAttribute } from "../otlp/requests.fixture.ts";
import { newFolder, TestStore } from "../store/store.fixture.ts";
import { KEPT_MINUTES, MOST_SERIES } from "../store/write/metrics.ts";
import { at, newApp, span, trace } from "./app.fixture.ts";

const request = (service: string, ...metrics: object[]) => ({
  resourceMetrics: [
    {
      resource: { attributes: [textAttribute("service.name", service)] },
      scopeMetrics: [{ scope: { name: "shop" }, metrics }],
    },
  ],
});
const point = (n: number, more: object = {}) => ({ timeUnixNano: at(n), asInt: String(n), ...more });
const sum = (name: string, ...dataPoints: object[]) => ({
  name,
  unit: "{order}",
  description: "Orders.",
  sum: { aggregationTemporality: 2, isMonotonic: true, dataPoints },
});

interface Answer {
  readonly metrics: readonly {
    readonly name: string;
    readonly series: readonly { readonly attributes: object; readonly points?: readonly object[] }[];
  }[];
}
const ask = async (app: ReturnType<typeof newApp>, query = ""): Promise<Answer["metrics"]> =>
  ((await app.get(`/api/metrics${query}`)).body as unknown as Answer).metrics;

describe("metrics", () => {
  test("are listed with their series, and read by name with their points, the first that came first", async () => {
    const app = newApp();
    const teapot = [textAttribute("sku", "teapot"), textAttribute("paid", "yes")];
    await app.sendMetrics(request("orders", sum("orders", point(1, { attributes: teapot }), point(1))));
    await app.sendMetrics(request("orders", sum("orders", point(2, { attributes: teapot.toReversed() }))));
    await app.sendMetrics(request("till", { name: "open", gauge: { dataPoints: [point(1)] } }));
    expect(await ask(app)).toMatchObject([
      { name: "open", service: "till", kind: "gauge", temporality: "" },
      {
        ...{ name: "orders", service: "orders", unit: "{order}", description: "Orders." },
        ...{ kind: "sum", temporality: "cumulative", isMonotonic: true },
        series: [{ attributes: { sku: "teapot", paid: "yes" } }, { attributes: {} }],
      },
    ]);
    expect(await ask(app, "?name=orders&service=orders")).toMatchObject([
      {
        series: [
          { points: [point(1), point(2)].map(({ asInt, timeUnixNano }) => ({ asInt, timeUnixNano })) },
          { points: [{ asInt: "1", timeUnixNano: at(1) }] },
        ],
      },
    ]);
    expect(await ask(app, "?name=orders&service=till")).toEqual([]);
  });

  test("keep histograms of both kinds, summaries and exemplars as they came", async () => {
    const app = newApp();
    const exemplar = {
      ...{ timeUnixNano: at(1), asDouble: 0.5, traceId: trace(1), spanId: span(1) },
      filteredAttributes: [textAttribute("user", "ann")],
    };
    const histogram = {
      ...{ timeUnixNano: at(1), count: "3", sum: 4.5, bucketCounts: ["1", "2"], explicitBounds: [2.5] },
      exemplars: [exemplar],
    };
    const exponential = {
      ...{ timeUnixNano: at(1), count: "3", scale: -2, zeroCount: "1" },
      positive: { offset: -3, bucketCounts: ["1", "300"] },
    };
    const summary = {
      timeUnixNano: at(1),
      count: "9",
      sum: 1.5,
      quantileValues: [{ quantile: 0.5, value: 2 }],
    };
    await app.sendMetrics(
      request(
        "orders",
        { name: "a", histogram: { aggregationTemporality: 1, dataPoints: [histogram] } },
        { name: "b", exponentialHistogram: { dataPoints: [exponential] } },
        { name: "c", summary: { dataPoints: [summary] } },
      ),
    );
    for (const [name, expected] of Object.entries({ a: histogram, b: exponential, c: summary }))
      expect(await ask(app, `?name=${name}`)).toMatchObject([{ series: [{ points: [expected] }] }]);
  });

  test("are there after a restart, their series too", async () => {
    const folder = newFolder();
    const before = newApp(new TestStore(folder));
    await before.sendMetrics(request("orders", sum("orders", point(1))));
    before.stored.commit();
    before.stored.close();
    const after = newApp(new TestStore(folder));
    await after.sendMetrics(request("orders", sum("orders", point(2))));
    expect(await ask(after, "?name=orders")).toMatchObject([
      { series: [{ points: [{ asInt: "1" }, { asInt: "2" }] }] },
    ]);
    expect(after.stored.counts.of("metrics", "stored")).toBe(2);
  });

  test("go after some minutes, with their series and their names", async () => {
    let now = 1_000 * 60_000;
    const app = newApp(new TestStore(newFolder(), { now: () => now }));
    await app.sendMetrics(request("orders", sum("old", point(1))));
    await app.sendMetrics(request("orders", sum("lasting", point(1))));
    app.stored.commit();
    now += KEPT_MINUTES * 60_000;
    await app.sendMetrics(request("orders", sum("lasting", point(2))));
    expect((await ask(app)).map(({ name }) => name)).toEqual(["lasting", "old"]);
    now += 60_000;
    await app.sendMetrics(request("orders", sum("lasting", point(3))));
    expect((await ask(app)).map(({ name }) => name)).toEqual(["lasting"]);
    const [{ series } = { series: [] }] = await ask(app, "?name=lasting");
    expect(series).toMatchObject([{ points: [{ asInt: "2" }, { asInt: "3" }] }]);
    expect(app.stored.counts.of("metrics", "evicted")).toBe(2);
  });

  test("are bounded by series: the one that was heard of longest ago goes", async () => {
    const app = newApp();
    const numbered = (n: number) => point(1, { attributes: [textAttribute("n", String(n))] });
    await app.sendMetrics(request("orders", sum("first", point(1))));
    await app.sendMetrics(
      request("orders", sum("many", ...Array.from({ length: MOST_SERIES }, (_, n) => numbered(n)))),
    );
    app.stored.commit();
    expect((await ask(app)).map(({ name }) => name)).toEqual(["first", "many"]);
    const [first] = await ask(app, "?name=first");
    expect(first?.series).toEqual([]);
    const rows = app.stored.store.database.prepare("SELECT count(*) AS n FROM series").get();
    expect(rows?.n).toBe(MOST_SERIES);
  });
});
