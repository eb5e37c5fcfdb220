/** All parts of the store, as the writer knows them. */
import type { Hasher } from "../../../otlp/hasher.ts";
import { MOST_PARTS, STATE, traceKey } from "../../layout.ts";
import type { TraceRow } from "../../row-types.ts";
import type { Statements } from "../statements.ts";
import { Entries } from "./entries.ts";
import { OpenPart } from "./open-part.ts";
import { Part, type PartRow, type Root } from "./part.ts";

/** A trace of one span takes about so much. */
const SMALL_TRACE_BYTES = 128;
const LEAST_TRACES = 256;
const MOST_TRACES = 65_536;
/** A full store has about so many parts. */
const PARTS = 32;

export interface PartsOptions {
  readonly limitBytes: number;
  /** Nothing is kept for longer. */
  readonly maxAgeMs: number;
}

export class Parts {
  readonly entries: Entries;
  /** The longest a part may get, in bytes. */
  readonly partBytes: number;
  readonly #sql: Statements;
  readonly #hasher: Hasher;
  readonly #capacity: number;
  readonly #maxAgeMs: number;
  /** By age; those that are gone and not deleted yet, too. */
  #all: Part[] = [];
  #current: OpenPart | null = null;
  /** Those that traces are moved to, by whose they are. */
  readonly #kept = new Map<string, OpenPart>();
  #seq = 0;
  /** Numbers are not given again: readers keep what they know of a part. */
  #lastId = 0;

  constructor(sql: Statements, hasher: Hasher, { limitBytes, maxAgeMs }: PartsOptions) {
    this.#sql = sql;
    this.#hasher = hasher;
    this.entries = new Entries(sql);
    this.partBytes = Math.floor(limitBytes / PARTS);
    const traces = Math.floor(this.partBytes / SMALL_TRACE_BYTES);
    this.#capacity = Math.min(MOST_TRACES, Math.max(LEAST_TRACES, traces));
    this.#maxAgeMs = maxAgeMs;
    for (const row of sql.parts.all() as unknown as PartRow[]) this.#takeUp(row);
  }

  /** The parts, the oldest first. */
  get all(): readonly Part[] {
    return this.#all;
  }

  /** The number of the next arrival. */
  nextSeq(): number {
    return ++this.#seq;
  }

  /** The part for what arrives. Changes between two requests at most. */
  current(nowMs: number): OpenPart {
    const current = this.#current;
    if (current && this.#isFull(current.part, nowMs)) this.close(current);
    this.#current ??= this.#open(null, nowMs);
    return this.#current;
  }

  /** The part for what is kept of `whose` traces. */
  keptOf(whose: string, nowMs: number): OpenPart {
    const known = this.#kept.get(whose);
    if (known && this.#isFull(known.part, nowMs)) this.close(known);
    const open = this.#kept.get(whose) ?? this.#open(whose, nowMs);
    this.#kept.set(whose, open);
    return open;
  }

  /** Nothing is written to the part any more. */
  close(open: OpenPart): void {
    open.close();
    open.part.state = STATE.closed;
    open.part.isDirty = true;
    if (this.#current === open) this.#current = null;
    else if (open.part.kept !== null) this.#kept.delete(open.part.kept);
  }

  /** Closes the part, if it is one that is written to. */
  closeIfOpen(part: Part): void {
    const open = [this.#current, ...this.#kept.values()].find((one) => one?.part === part);
    if (open) this.close(open);
  }

  /** What the database holds of the trace with this id, the newest first. `hash`: of the id. */
  find(hash: number, bytes: Uint8Array, at: number): TraceRow[] {
    const found: TraceRow[] = [];
    const all = this.#all;
    for (let i = all.length - 1; i >= 0; i--) {
      const part = all[i] as Part;
      if (part.isGone || !part.filter.mayHave(hash)) continue;
      for (const [place] of this.#sql.entries.all(part.id, hash) as unknown as [number][]) {
        const row = this.#sql.traceAt.get(traceKey(part.id, place)) as unknown as TraceRow | undefined;
        if (row && isId(row[2], bytes, at)) found.push(row);
      }
    }
    return found;
  }

  of(id: number): Part | undefined {
    return this.#all.find((part) => part.id === id);
  }

  /** Removes a part that has no rows any more. */
  drop(part: Part): void {
    this.#all = this.#all.filter((one) => one !== part);
    this.#sql.dropPart.run(part.id);
  }

  /** Writes what has changed. */
  save(): void {
    for (const open of [this.#current, ...this.#kept.values()]) open?.save();
    for (const part of this.#all) {
      if (!part.isDirty) continue;
      part.isDirty = false;
      this.#sql.part.run(...part.toRow());
      for (const root of part.roots) this.#saveRoot(part, root);
    }
    this.entries.save();
  }

  #saveRoot(part: Part, root: Root): void {
    if (!root.isDirty) return;
    root.isDirty = false;
    const { id, service, traces, spans, logs, bytes } = root;
    this.#sql.root.run(part.id, id, service, traces, spans, logs, bytes);
  }

  #isFull(part: Part, nowMs: number): boolean {
    if (part.traces >= this.#capacity || part.bytes >= this.partBytes) return true;
    return part.traces > 0 && nowMs - part.openedMs > this.#maxAgeMs / PARTS;
  }

  #open(kept: string | null, openedMs: number): OpenPart {
    const id = ++this.#lastId;
    if (id >= MOST_PARTS) throw new Error("the store has no number left for another part: begin a new one");
    const part = new Part({ id, kept, openedMs, capacity: this.#capacity });
    this.#all.push(part);
    return new OpenPart(part, this.#sql, this.#hasher, this.entries);
  }

  #takeUp(row: PartRow): void {
    const part = Part.fromRow(row, this.#capacity);
    const roots = this.#sql.roots.all(part.id) as unknown as [
      number,
      string,
      number,
      number,
      number,
      number,
    ][];
    part.takeUp(
      roots.map(([id, service, traces, spans, logs, bytes]) => ({
        ...{ id, service, traces, spans, logs, bytes, isDirty: false },
      })),
    );
    this.#all.push(part);
    this.#seq = Math.max(this.#seq, part.lastSeq);
    this.#lastId = part.id;
    if (!part.isOpen) return;
    // Its filter was not saved.
    const [from, to] = [traceKey(part.id, 0), traceKey(part.id + 1, 0)];
    for (const [, id] of this.#sql.traceIds.all(from, to, -1) as unknown as [number, Uint8Array][])
      part.filter.add(this.#hasher.traceId(id, 0));
    const open = new OpenPart(part, this.#sql, this.#hasher, this.entries);
    if (part.kept === null) this.#current = open;
    else this.#kept.set(part.kept, open);
  }
}

function isId(id: Uint8Array, bytes: Uint8Array, at: number): boolean {
  for (let i = 0; i < 16; i++) if (id[i] !== bytes[at + i]) return false;
  return true;
}
