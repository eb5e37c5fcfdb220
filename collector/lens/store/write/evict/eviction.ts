/**
 * Makes room: whole parts go, the oldest first, so that it takes the same few deletions for each trace however much is
 * stored. What is in them of services that have little stays: it is moved to a part of its own, once. So a noisy
 * service cannot push out a quiet one's traces, and no sender can make the store copy the same traces again and again.
 *
 * It works a slice at a time, before each commit: as long as the store is below its bound by a part, a slice is enough.
 */
import { STATE } from "../../layout.ts";
import type { Database } from "../../sqlite.ts";
import { OTHERS, type Part } from "../parts/part.ts";
import type { Writing } from "../writing.ts";
import { Deletion } from "./deletion.ts";
import { Mover } from "./mover.ts";

export interface EvictionOptions {
  readonly limitBytes: number;
  /** Names of the indexed attributes. */
  readonly index: readonly string[];
  readonly maxAgeMs: number;
}

const PAGE_BYTES = 4096;
/** A service has little when another has more than twice as much. */
const MUCH_MORE = 2;
/** Services beyond these share one part for what is kept of them. */
const MOST_KEPT = 48;

export class Evictor {
  readonly #writing: Writing;
  readonly #options: EvictionOptions;
  readonly #mover: Mover;
  /** The most that may be in use before something goes: below the bound by as much as goes at once. */
  readonly #targetBytes: number;
  readonly #deletion: Deletion;

  constructor(database: Database, writing: Writing, options: EvictionOptions) {
    this.#writing = writing;
    this.#options = options;
    this.#mover = new Mover(writing, options.index);
    this.#targetBytes = options.limitBytes - writing.parts.partBytes;
    this.#deletion = new Deletion(database, writing);
  }

  /** Bytes in use. */
  get bytes(): number {
    const { sql } = this.#writing;
    const [pages] = sql.pages.get() as unknown as [number];
    const [free] = sql.freePages.get() as unknown as [number];
    return (pages - free) * PAGE_BYTES;
  }

  /** Deletes as much as there is too much, or begins to. Returns the bytes that are in use then. */
  makeRoom(): number {
    this.#tooOld();
    let { bytes } = this;
    for (
      let isFirst = true;
      bytes > (isFirst ? this.#targetBytes : this.#options.limitBytes);
      isFirst = false
    ) {
      if (!this.#slice(true)) return bytes;
      bytes = this.bytes;
    }
    // What has begun goes on, also when there is room again.
    if (this.#slice(false)) bytes = this.bytes;
    return bytes;
  }

  /** Parts in which nothing has been written for too long. */
  #tooOld(): void {
    const { parts, nowMs } = this.#writing;
    for (const part of parts.all) {
      if (part.traces === 0 || part.isGone || nowMs - part.lastMs <= this.#options.maxAgeMs) continue;
      this.#letGo(part);
    }
  }

  /** One step of what is under way; with `mayBegin` the first of another part. False when there is nothing to do. */
  #slice(mayBegin: boolean): boolean {
    const { parts } = this.#writing;
    const gone = parts.all.find(({ isGone }) => isGone);
    if (gone) {
      if (!this.#deletion.some(gone.id)) parts.drop(gone);
      return true;
    }
    const leaving = parts.all.find(({ state }) => state === STATE.leaving);
    if (leaving) {
      if (!this.#mover.move(leaving, this.#little(leaving))) this.#letGo(leaving);
      return true;
    }
    return mayBegin && this.#begin();
  }

  #begin(): boolean {
    const { parts } = this.#writing;
    const victim = this.#victim();
    if (!victim) return false;
    parts.closeIfOpen(victim);
    if (victim.kept !== null || this.#little(victim).size === 0) this.#letGo(victim);
    else {
      victim.state = STATE.leaving;
      victim.isDirty = true;
    }
    return true;
  }

  /** The oldest part of what was kept of the service that has most; without one, the oldest of all that arrived. */
  #victim(): Part | undefined {
    const { all } = this.#writing.parts;
    const bytes = this.#bytesByService();
    const most = [...bytes].reduce<[string, number] | null>((a, b) => (a && a[1] >= b[1] ? a : b), null);
    const kept = all.find((part) => part.kept !== null && part.kept === (most && keptName(most[0], bytes)));
    return (
      kept ??
      all.find((part) => part.kept === null && part.traces > 0) ??
      all.find(({ traces }) => traces > 0)
    );
  }

  #bytesByService(): Map<string, number> {
    const bytes = new Map<string, number>();
    for (const part of this.#writing.parts.all) {
      if (part.isGone) continue;
      for (const root of part.roots) bytes.set(root.service, (bytes.get(root.service) ?? 0) + root.bytes);
    }
    return bytes;
  }

  /** The services in a part that have little, each with whose part its traces are kept in. */
  #little(part: Part): Map<string, string> {
    const bytes = this.#bytesByService();
    const most = Math.max(0, ...bytes.values());
    const little = new Map<string, string>();
    for (const { service, traces, spans, logs } of part.roots) {
      if (traces + spans + logs === 0) continue;
      if ((bytes.get(service) ?? 0) * MUCH_MORE < most) little.set(service, keptName(service, bytes));
    }
    return little;
  }

  /** Readers do not see the part any more; its rows are deleted bit by bit. */
  #letGo(part: Part): void {
    const { parts, tally } = this.#writing;
    parts.closeIfOpen(part);
    part.state = STATE.gone;
    part.isDirty = true;
    for (const { service, traces, spans, logs } of part.roots)
      if (traces + spans + logs > 0) tally.evictions.push({ service, traces, spans, logs });
  }
}

/** Whose part the traces of a service are kept in. */
function keptName(service: string, bytes: ReadonlyMap<string, number>): string {
  return bytes.size <= MOST_KEPT ? service : OTHERS;
}
