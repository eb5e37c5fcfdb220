/** A part of the store, as the writer knows it. collector/lens/store/layout.ts says what a part is. */
import { STATE, TRACES_A_PART } from "../../layout.ts";
import { Bloom } from "./bloom.ts";

/** What a part holds of the traces that began at one service. */
export interface Root {
  readonly id: number;
  readonly service: string;
  traces: number;
  spans: number;
  logs: number;
  bytes: number;
  isDirty: boolean;
}

/** More services than this count as one in a part: a sender that makes up names must not fill memory with them. */
const MOST_ROOTS = 128;
export const OTHERS = "(others)";

export interface PartAbout {
  readonly id: number;
  /** Whose traces were moved here; null for a part of all that arrived. */
  readonly kept: string | null;
  readonly openedMs: number;
  /** How many traces it is for. */
  readonly capacity: number;
}

/** Row of the table `part`. */
export type PartRow = readonly [
  id: number,
  state: number,
  kept: string | null,
  traces: number,
  blocks: number,
  logs: number,
  firstSeq: number,
  lastSeq: number,
  openedMs: number,
  lastMs: number,
  bytes: number,
  filter: Uint8Array | null,
];

export class Part {
  readonly id: number;
  readonly kept: string | null;
  readonly openedMs: number;
  state: number = STATE.open;
  /** How many places are given away. */
  traces = 0;
  blocks = 0;
  logs = 0;
  firstSeq = 0;
  lastSeq = 0;
  lastMs = 0;
  /** What it takes in the database, about. */
  bytes = 0;
  isDirty = true;
  readonly filter: Bloom;
  readonly #roots = new Map<string, Root>();

  constructor({ id, kept, openedMs, capacity }: PartAbout, filter?: Uint8Array) {
    this.id = id;
    this.kept = kept;
    this.openedMs = openedMs;
    this.lastMs = openedMs;
    this.filter = new Bloom(filter ?? Math.min(capacity, TRACES_A_PART));
  }

  static fromRow(row: PartRow, capacity: number): Part {
    const [id, state, kept, traces, blocks, logs, firstSeq, lastSeq, openedMs, lastMs, bytes, filter] = row;
    const part = new Part({ id, kept, openedMs, capacity }, filter ?? undefined);
    Object.assign(part, { state, traces, blocks, logs, firstSeq, lastSeq, lastMs, bytes, isDirty: false });
    return part;
  }

  /** The filter is saved with a part that is not written to any more. */
  toRow(): PartRow {
    const { id, state, kept, traces, blocks, logs, firstSeq, lastSeq, openedMs, lastMs, bytes } = this;
    const filter = this.isOpen ? null : this.filter.bytes;
    return [id, state, kept, traces, blocks, logs, firstSeq, lastSeq, openedMs, lastMs, bytes, filter];
  }

  get isOpen(): boolean {
    return this.state === STATE.open;
  }

  /** It is to go, or has gone. */
  get isLeaving(): boolean {
    return this.state >= STATE.leaving;
  }

  get isGone(): boolean {
    return this.state === STATE.gone;
  }

  /** What it holds of each root service. */
  get roots(): Iterable<Root> {
    return this.#roots.values();
  }

  /** What it holds of the traces that began at `service`. */
  root(service: string): Root {
    let root = this.#roots.get(service);
    if (!root && this.#roots.size >= MOST_ROOTS && service !== OTHERS) return this.root(OTHERS);
    if (!root) {
      root = { id: this.#roots.size, service, traces: 0, spans: 0, logs: 0, bytes: 0, isDirty: true };
      this.#roots.set(service, root);
    }
    return root;
  }

  rootOf(id: number): Root | undefined {
    return [...this.#roots.values()].find((root) => root.id === id);
  }

  takeUp(roots: readonly Root[]): void {
    for (const root of roots) this.#roots.set(root.service, root);
  }

  /** A place for another trace. */
  nextTrace(seq: number): number {
    this.firstSeq ||= seq;
    this.lastSeq = Math.max(this.lastSeq, seq);
    this.isDirty = true;
    return this.traces++;
  }
}
