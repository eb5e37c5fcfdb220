/** The parts of the store, as those who read know them, at one moment. */
import { STATE, TRACES_A_PART, traceKey } from "../layout.ts";
import type { Database, Statement } from "../sqlite.ts";

export interface ReadPart {
  readonly id: number;
  /** Numbers of the first and the last arrival in it. */
  readonly firstSeq: number;
  readonly lastSeq: number;
  /** Its log segments have places below this. */
  readonly logs: number;
}

type PartRow = readonly [
  id: number,
  state: number,
  kept: string | null,
  firstSeq: number,
  lastSeq: number,
  logs: number,
];

export class ReadParts {
  readonly #version: Statement;
  readonly #parts: Statement;
  readonly #seqFrom: Statement;
  #seen = -1;
  /** All that arrived, the newest first: each has later traces than the next. */
  newest: readonly ReadPart[] = [];
  /** What was kept of older ones, in no order. */
  oldest: readonly ReadPart[] = [];

  constructor(database: Database) {
    const prepare = (sql: string): Statement => {
      const statement = database.prepare(sql);
      statement.setReturnArrays(true);
      return statement;
    };
    this.#version = prepare("PRAGMA data_version");
    this.#parts = prepare(
      `SELECT id, state, kept, firstSeq, lastSeq, logs FROM part WHERE state < ${STATE.gone} ORDER BY id DESC`,
    );
    this.#seqFrom = prepare("SELECT key, seq FROM trace WHERE key >= ? AND key < ? ORDER BY key LIMIT 1");
  }

  get all(): readonly ReadPart[] {
    return [...this.newest, ...this.oldest];
  }

  /** Looks at them anew when something was written. For the beginning of each reading. */
  refresh(): void {
    const [version] = this.#version.get() as unknown as [number];
    if (version === this.#seen) return;
    this.#seen = version;
    const [newest, oldest]: ReadPart[][] = [[], []];
    for (const row of this.#parts.all() as unknown as PartRow[]) {
      const [id, state, kept, firstSeq, lastSeq, logs] = row;
      const part = { id, firstSeq, lastSeq, logs };
      if (kept === null && state < STATE.leaving) newest?.push(part);
      else oldest?.push(part);
    }
    this.newest = newest ?? [];
    this.oldest = oldest ?? [];
  }

  /** The place in the part from which on all traces have arrived at or after `seq`. */
  placeOf(part: ReadPart, seq: number): number {
    if (part.lastSeq < seq) return TRACES_A_PART;
    if (part.firstSeq >= seq) return 0;
    const end = traceKey(part.id + 1, 0);
    let [low, high] = [traceKey(part.id, 0), end];
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const [key, found] = (this.#seqFrom.get(middle, end) as unknown as [number, number] | undefined) ?? [
        end,
        Number.POSITIVE_INFINITY,
      ];
      if (found >= seq) high = middle;
      else low = key + 1;
    }
    return low - traceKey(part.id, 0);
  }
}
