/** Finds log records by who wrote them, wherever they belong, the last that arrived first. */
import { itemsOf } from "../content.ts";
import { BUCKET, PLACES_A_PART, placeKey } from "../layout.ts";
import type { Database, Statement } from "../sqlite.ts";
import type { Contents } from "./contents.ts";
import type { Stored } from "./items.ts";
import type { ReadParts } from "./parts.ts";
import type { Words } from "./words.ts";

/** In a part, the buckets of log segments below this one. */
export interface LogsPlace {
  readonly part: number;
  readonly bucket: number;
}

export interface LogsPage {
  /** The last that arrived first. Views, good until the next page is read. */
  readonly items: readonly Stored[];
  readonly next: LogsPlace | null;
}

export class Logs {
  readonly #parts: ReadParts;
  readonly #words: Words;
  readonly #contents: Contents;
  readonly #entry: Statement;
  readonly #segments: Statement;

  constructor(database: Database, parts: ReadParts, words: Words, contents: Contents) {
    this.#parts = parts;
    this.#words = words;
    this.#contents = contents;
    const prepare = (sql: string): Statement => {
      const statement = database.prepare(sql);
      statement.setReturnArrays(true);
      return statement;
    };
    this.#entry = prepare(
      "SELECT place FROM entry WHERE part = ? AND hash = ? AND place < ? ORDER BY place DESC LIMIT 1",
    );
    this.#segments = prepare(
      `SELECT block, start, length FROM log JOIN segment ON segment.key = log.segment
       WHERE log.key >= ? AND log.key < ? ORDER BY log.key DESC`,
    );
  }

  /** Where the newest log records are; null when there are none. */
  first(): LogsPlace | null {
    return this.#inPart(0);
  }

  /** The records of `service` in the next bucket that has any. `hash`: of the service's log records. */
  page(hash: number, service: string, { part, bucket }: LogsPlace): LogsPage {
    const found = this.#entry.get(part, hash, bucket) as unknown as [place: number] | undefined;
    if (!found) return { items: [], next: this.#after(part) };
    const [at] = found;
    const items: Stored[] = [];
    const [from, to] = [placeKey(part, at * BUCKET), placeKey(part, (at + 1) * BUCKET)];
    const segments = this.#segments.all(from, to) as unknown as [number, number, number][];
    for (const [block, start, length] of segments) {
      const content = this.#contents.read(block, start + length);
      const own: Stored[] = [];
      for (const item of content ? itemsOf(content, start, start + length) : []) {
        const origin = this.#words.origin(Math.floor(block / PLACES_A_PART), item.origin);
        if (item.isLog && origin?.words.service === service) own.push({ origin, bytes: item.bytes });
      }
      items.push(...own.reverse());
    }
    return { items, next: { part, bucket: at } };
  }

  #after(part: number): LogsPlace | null {
    const { all } = this.#parts;
    const at = all.findIndex(({ id }) => id === part);
    // A part that went while it was read: those that are older have gone as well.
    return at < 0 ? null : this.#inPart(at + 1);
  }

  #inPart(at: number): LogsPlace | null {
    const part = this.#parts.all[at];
    return part ? { part: part.id, bucket: Number.MAX_SAFE_INTEGER } : null;
  }
}
