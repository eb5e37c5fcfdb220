/**
 * Writes metric data points: of each series (an instrument of a service, and its attributes) those of the last minutes,
 * enough for charts. They lie by the minute in which they came, so that the oldest go as a range.
 */

import { Cursor } from "../../otlp/cursor.ts";
import { decodeOrigin } from "../../otlp/decode.ts";
import { KINDS, METRIC, POINT } from "../../otlp/read/metrics.ts";
import { RESOURCE, SCOPE } from "../../otlp/read/reading.ts";
import { Writer } from "../../otlp/writer.ts";
import type { Database, Statement } from "../sqlite.ts";
import { type Batch, hashAt, resourceAt, scopeAt } from "./batch.ts";
import { timeAt } from "./spans.ts";
import type { Writing } from "./writing.ts";

/** So long points are kept. */
export const KEPT_MINUTES = 15;
/** And of so many series; beyond that, the one that was heard of longest ago goes. */
export const MOST_SERIES = 10_000;
/** Of what the store may take. */
const SHARE = 1 / 8;
const MINUTE_MS = 60_000;
/** Of a point's row, beside its data. */
const ROW_BYTES = 24;

interface Series {
  readonly id: number;
  /** When it was heard of last. */
  minute: number;
}

export class MetricWriter {
  readonly #writing: Writing;
  readonly #limitBytes: number;
  readonly #sql: ReturnType<typeof prepareAll>;
  /** Numbers of metrics, by hash. */
  readonly #metrics = new Map<number, number>();
  /** Series, by hash; the one that was heard of last stands last. */
  readonly #series = new Map<number, Series>();
  /** Bytes of points, by minute. */
  readonly #minutes = new Map<number, number>();

  constructor(database: Database, writing: Writing, limitBytes: number) {
    this.#writing = writing;
    this.#limitBytes = limitBytes * SHARE;
    this.#sql = prepareAll(database);
    for (const [id, hash] of this.#sql.allMetrics.all() as unknown as [number, number][])
      this.#metrics.set(hash, id);
    for (const [id, hash, minute] of this.#sql.allSeries.all() as unknown as [number, number, number][])
      this.#series.set(hash, { id, minute });
    for (const [minute, bytes] of this.#sql.minutes.all(ROW_BYTES) as unknown as [number, number][])
      this.#minutes.set(minute, bytes);
  }

  /** Points that are stored. */
  get count(): number {
    return (this.#sql.count.get() as unknown as [number])[0];
  }

  /** Writes the points of `batch`. Returns how many of them are new. */
  write(batch: Batch): number {
    const { items, count } = batch;
    const { buffer, byteOffset, byteLength } = batch.body;
    const body = Buffer.from(buffer, byteOffset, byteLength);
    const minute = Math.floor(this.#writing.nowMs / MINUTE_MS);
    let stored = 0;
    for (let i = 0, at = 0; i < count; i++, at += POINT.width) {
      const metricAt = items[at + POINT.metricAt] as number;
      const shape = KINDS.get(batch.more[metricAt + METRIC.kind] as number);
      if (!shape) continue;
      const metric = this.#metricHash(batch, body, items[at + POINT.scope] as number, metricAt);
      const hash = this.#writing.hasher.both(metric, hashAt(items, at + POINT.hashHigh));
      const [start, end] = [items[at + POINT.start] as number, items[at + POINT.end] as number];
      const series = this.#seriesOf(hash, metric, () => attributesOf(body, start, end, shape.attributes));
      const data = withoutAttributes(body, start, end, shape.attributes);
      const time = timeAt(body, items[at + POINT.timeAt] as number);
      if (this.#sql.point.run(minute, series, time, data).changes === 0) continue;
      stored++;
      this.#minutes.set(minute, (this.#minutes.get(minute) ?? 0) + data.length + ROW_BYTES);
    }
    return stored;
  }

  /** Deletes what is too old or too much. Returns how many points went. */
  makeRoom(): number {
    const oldest = Math.floor(this.#writing.nowMs / MINUTE_MS) - KEPT_MINUTES;
    let bytes = [...this.#minutes.values()].reduce((sum, n) => sum + n, 0);
    let evicted = 0;
    for (const [minute, taken] of [...this.#minutes].sort((a, b) => a[0] - b[0])) {
      if (minute >= oldest && bytes <= this.#limitBytes) break;
      evicted += Number(this.#sql.dropMinute.run(minute).changes);
      this.#minutes.delete(minute);
      bytes -= taken;
      this.#dropSilent(minute);
    }
    for (const [hash, series] of this.#series) {
      if (this.#series.size <= MOST_SERIES) break;
      for (const minute of this.#minutes.keys())
        evicted += Number(this.#sql.dropPoints.run(minute, series.id).changes);
      this.#sql.dropSeries.run(series.id);
      this.#series.delete(hash);
    }
    return evicted;
  }

  /** Series that were last heard of in a minute that went, and metrics without series. */
  #dropSilent(minute: number): void {
    for (const [, hash] of this.#sql.silent.all(minute) as unknown as [number, number][])
      this.#series.delete(hash);
    if (this.#sql.dropSilent.run(minute).changes === 0) return;
    for (const [, hash] of this.#sql.unused.all() as unknown as [number, number][])
      this.#metrics.delete(hash);
    this.#sql.dropUnused.run();
  }

  /** The hash of a metric, which is noted when it is new. */
  #metricHash(batch: Batch, body: Buffer, scope: number, metricAt: number): number {
    const { hasher } = this.#writing;
    const { more, scopes, resources } = batch;
    const [atScope, atResource] = [scopeAt(scope), resourceAt(batch, scope)];
    const text = (column: number): string =>
      body.toString("utf8", more[metricAt + column], more[metricAt + column + 1]);
    const salt =
      (more[metricAt + METRIC.kind] as number) * 4 + (more[metricAt + METRIC.temporality] as number);
    const named = hasher.text(
      body,
      more[metricAt + METRIC.nameStart] as number,
      more[metricAt + METRIC.nameEnd] as number,
      salt,
    );
    const from = hasher.both(
      hashAt(scopes, atScope + SCOPE.hashHigh),
      hashAt(resources, atResource + RESOURCE.hashHigh),
    );
    const hash = hasher.both(named, from);
    if (this.#metrics.has(hash)) return hash;
    const resource = body.subarray(
      resources[atResource + RESOURCE.start],
      resources[atResource + RESOURCE.end],
    );
    const scopeBytes = body.subarray(scopes[atScope + SCOPE.start], scopes[atScope + SCOPE.end]);
    const { service } = decodeOrigin(resource, scopeBytes);
    const kind = KINDS.get(more[metricAt + METRIC.kind] as number)?.name ?? "";
    const { lastInsertRowid } = this.#sql.metric.run(
      ...[hash, service, resource, scopeBytes, text(METRIC.nameStart), text(METRIC.unitStart)],
      ...[text(METRIC.descriptionStart), kind, more[metricAt + METRIC.temporality] as number],
      more[metricAt + METRIC.isMonotonic] as number,
    );
    this.#metrics.set(hash, Number(lastInsertRowid));
    return hash;
  }

  /** The number of a series, which is noted when it is new. */
  #seriesOf(hash: number, metric: number, attributes: () => Buffer): number {
    const minute = Math.floor(this.#writing.nowMs / MINUTE_MS);
    const known = this.#series.get(hash);
    if (known) {
      this.#series.delete(hash);
      this.#series.set(hash, known);
      if (known.minute < minute) this.#sql.heard.run(minute, known.id);
      known.minute = minute;
      return known.id;
    }
    const { lastInsertRowid } = this.#sql.series.run(
      this.#metrics.get(metric) ?? 0,
      hash,
      attributes(),
      minute,
    );
    this.#series.set(hash, { id: Number(lastInsertRowid), minute });
    return Number(lastInsertRowid);
  }
}

/** A point's attributes, as a message that has them as field 1. */
function attributesOf(body: Buffer, start: number, end: number, field: number): Buffer {
  const writer = new Writer();
  const cursor = new Cursor(body, start, end);
  while (cursor.more()) {
    const tag = cursor.tag();
    if (tag === field * 8 + 2) writer.bytesField(1, cursor.view());
    else cursor.skip(tag);
  }
  return writer.finish();
}

/** A point without what is the same for all of its series. */
function withoutAttributes(body: Buffer, start: number, end: number, field: number): Buffer {
  const kept: Buffer[] = [];
  const cursor = new Cursor(body, start, end);
  let from = start;
  while (cursor.more()) {
    const at = cursor.pos;
    const tag = cursor.tag();
    cursor.skip(tag);
    if (tag !== field * 8 + 2) continue;
    if (at > from) kept.push(body.subarray(from, at));
    from = cursor.pos;
  }
  if (end > from) kept.push(body.subarray(from, end));
  return kept.length === 1 ? (kept[0] as Buffer) : Buffer.concat(kept);
}

function prepareAll(database: Database) {
  const prepare = (sql: string): Statement => {
    const statement = database.prepare(sql);
    statement.setReturnArrays(true);
    return statement;
  };
  return {
    allMetrics: prepare("SELECT id, hash FROM metric"),
    allSeries: prepare("SELECT id, hash, minute FROM series ORDER BY minute, id"),
    minutes: prepare("SELECT minute, sum(length(data) + ?) FROM point GROUP BY minute"),
    count: prepare("SELECT count(*) FROM point"),
    metric: prepare(
      `INSERT INTO metric (hash, service, resource, scope, name, unit, description, kind, temporality, monotonic)
       VALUES (?,?,?,?,?,?,?,?,?,?)`,
    ),
    series: prepare("INSERT INTO series (metric, hash, attributes, minute) VALUES (?,?,?,?)"),
    heard: prepare("UPDATE series SET minute = ? WHERE id = ?"),
    point: prepare("INSERT OR IGNORE INTO point VALUES (?,?,?,?)"),
    dropMinute: prepare("DELETE FROM point WHERE minute = ?"),
    dropPoints: prepare("DELETE FROM point WHERE minute = ? AND series = ?"),
    dropSeries: prepare("DELETE FROM series WHERE id = ?"),
    silent: prepare("SELECT id, hash FROM series WHERE minute <= ?"),
    dropSilent: prepare("DELETE FROM series WHERE minute <= ?"),
    unused: prepare("SELECT id, hash FROM metric WHERE id NOT IN (SELECT metric FROM series)"),
    dropUnused: prepare("DELETE FROM metric WHERE id NOT IN (SELECT metric FROM series)"),
  };
}
