/** Metrics of the last minutes: which there are, and the points of those that are named. */
import { Hono } from "hono";
import type { StoreReader } from "../store/read/store-reader.ts";
import { countParam, firstOf } from "./params.ts";

const MOST = 1_000;
/** Points in one answer. */
const MOST_POINTS = 20_000;

/** The route `/api/metrics`. */
export function metricsApi(store: StoreReader): Hono {
  return new Hono().get("/", (c) => {
    const params = new URL(c.req.url).searchParams;
    const [service, name] = [params.get("service") ?? "", params.get("name") ?? ""];
    const limit = countParam(firstOf(params, "limit"), MOST, MOST);
    let left = MOST_POINTS;
    let leftOut = 0;
    const pointsOf = (read: () => unknown[]): unknown[] => {
      const points = left > 0 ? read() : [];
      if (points.length > left || left === 0) leftOut++;
      const taken = points.slice(0, left);
      left -= taken.length;
      return taken;
    };
    const metrics = store.metrics(service, name, limit).map(({ metric: { id: _, ...metric }, series }) => ({
      ...metric,
      series: series.map(({ attributes, points }) => ({
        attributes,
        ...(name && { points: pointsOf(points) }),
      })),
    }));
    return c.json({ metrics, seriesLeftOut: leftOut });
  });
}
