/** Reads metrics: which there are, and the points of their series. */
import type { Attributes } from "../../journey/model.ts";
import { Cursor } from "../../otlp/cursor.ts";
import type { MessageName } from "../../otlp/fields.ts";
import { decodeJson, type Json } from "../../otlp/json/out.ts";
import { type MutableAttributes, readAttribute } from "../../otlp/values.ts";
import type { Database, Statement } from "../sqlite.ts";

export interface Metric {
  readonly id: number;
  readonly service: string;
  readonly name: string;
  readonly unit: string;
  readonly description: string;
  /** gauge, sum, histogram, exponentialHistogram or summary. */
  readonly kind: string;
  readonly temporality: "delta" | "cumulative" | "";
  readonly isMonotonic: boolean;
}

export interface Series {
  readonly id: number;
  readonly attributes: Attributes;
}

const POINTS: Readonly<Record<string, MessageName>> = {
  gauge: "NumberDataPoint",
  sum: "NumberDataPoint",
  histogram: "HistogramDataPoint",
  exponentialHistogram: "ExponentialHistogramDataPoint",
  summary: "SummaryDataPoint",
};

type MetricRow = readonly [number, string, string, string, string, string, number, number];

export class Metrics {
  readonly #metrics: Statement;
  readonly #series: Statement;
  readonly #points: Statement;
  readonly #nextMinute: Statement;

  constructor(database: Database) {
    const prepare = (sql: string): Statement => {
      const statement = database.prepare(sql);
      statement.setReturnArrays(true);
      return statement;
    };
    this.#metrics = prepare(
      `SELECT id, service, name, unit, description, kind, temporality, monotonic FROM metric
       WHERE (?1 = '' OR service = ?1) AND (?2 = '' OR name = ?2) ORDER BY name, service, id LIMIT ?3`,
    );
    this.#series = prepare("SELECT id, attributes FROM series WHERE metric = ? ORDER BY id LIMIT ?");
    this.#points = prepare("SELECT data FROM point WHERE minute = ? AND series = ? ORDER BY time LIMIT ?");
    this.#nextMinute = prepare("SELECT min(minute) FROM point WHERE minute > ?");
  }

  /** The metrics of a service and of a name; empty for any. */
  metrics(service: string, name: string, limit: number): Metric[] {
    const rows = this.#metrics.all(service, name, limit) as unknown as MetricRow[];
    return rows.map(([id, of, called, unit, description, kind, temporality, monotonic]) => ({
      ...{ id, service: of, name: called, unit, description, kind, isMonotonic: monotonic === 1 },
      temporality: temporality === 1 ? "delta" : temporality === 2 ? "cumulative" : "",
    }));
  }

  /** The series of a metric. */
  series(metric: number, limit: number): Series[] {
    const rows = this.#series.all(metric, limit) as unknown as [number, Uint8Array][];
    return rows.map(([id, bytes]) => ({ id, attributes: readAttributes(Buffer.from(bytes)) }));
  }

  /** The points of a series in OTLP/JSON, without its attributes, the first that came first. */
  points({ kind }: Pick<Metric, "kind">, series: number, limit: number): Json[] {
    const message = POINTS[kind];
    if (!message) return [];
    const points: Json[] = [];
    for (let minute = this.#minuteAfter(-1); minute !== null; minute = this.#minuteAfter(minute)) {
      const rows = this.#points.all(minute, series, limit - points.length) as unknown as [Uint8Array][];
      for (const [data] of rows) points.push(decodeJson(message, Buffer.from(data)));
    }
    return points;
  }

  #minuteAfter(minute: number): number | null {
    return (this.#nextMinute.get(minute) as unknown as [number | null])[0];
  }
}

function readAttributes(bytes: Buffer): Attributes {
  const attributes: MutableAttributes = {};
  const cursor = new Cursor(bytes);
  while (cursor.more()) {
    const tag = cursor.tag();
    if (tag === 0x0a) readAttribute(cursor, attributes);
    else cursor.skip(tag);
  }
  return attributes;
}
