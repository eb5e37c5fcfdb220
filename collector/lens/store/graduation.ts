/**
 * Writes what has been young for long enough to blocks: a trace together with the traces that its journey reached by
 * links, under the service that the journey began at.
 */
import type { Span } from "../journey/model.ts";
import { decodeSpan } from "../otlp/decode.ts";
import { NONE } from "./rows.ts";
import { consumersIn, isSettled, type SettlingOptions } from "./settling.ts";
import type { Tables } from "./tables.ts";
import { MANY } from "./trace-table.ts";
import { type Arrival, spanOf } from "./young.ts";

/** A chain of traces that link on and on (a scheduler's runs, say) is cut into journeys of this many. */
export const MAX_CHAIN = 64;

export class Graduation {
  readonly #tables: Tables;
  readonly #options: SettlingOptions;
  /** CONSUMER spans of traces that link into many, for the duration of one `until`. */
  readonly #consumers = new Map<number, readonly Span[]>();

  constructor(tables: Tables, options: SettlingOptions) {
    this.#tables = tables;
    this.#options = options;
  }

  /** Writes the oldest journeys until `isEnough` or nothing is young any more. Returns whether anything was written. */
  until(isEnough: () => boolean): boolean {
    const { young } = this.#tables;
    let wrote = false;
    while (!isEnough()) {
      const oldest = young.oldest();
      if (!oldest) break;
      this.#write(oldest.trace);
      wrote = true;
    }
    this.#consumers.clear();
    return wrote;
  }

  #write(trace: number): void {
    const { traces, young, blocks, services } = this.#tables;
    const { rows } = traces;
    const [top, ...below] = this.#journeyOf(trace);
    if (top === undefined) return;
    const group = [top, ...below].map((row) => ({ row, arrivals: young.of(row) }));
    const settled = this.#isSettled(top, group);
    const service = services.of(rows.get("service", top));
    for (const { row } of group) {
      const arrivals = young.take(row);
      rows.set("part", row, blocks.write(service, settled, arrivals, rows.get("part", row)));
      for (const arrival of arrivals) this.#tables.release(arrival);
    }
  }

  /**
   * The trace that the journey began in, and those that it reached from there by links and that are young, in this
   * order.
   */
  #journeyOf(trace: number): number[] {
    const { traces, young } = this.#tables;
    const chain = new Set([trace]);
    for (let row = trace; chain.size < MAX_CHAIN; ) {
      row = this.#into(row);
      if (row === NONE || chain.has(row)) break;
      chain.add(row);
    }
    const top = [...chain].at(-1) ?? trace;
    const group = new Set([top]);
    for (const row of group) {
      if (group.size >= MAX_CHAIN || !traces.hasId(row)) break;
      for (const linker of this.#tables.linkedTo(traces.id(row))) {
        if (group.size < MAX_CHAIN && young.of(linker).length > 0 && this.#into(linker) === row)
          group.add(linker);
      }
    }
    return [...group.add(trace)];
  }

  /**
   * The one other trace that a trace links into; -1 when there is none, or several: then it belongs to no journey
   * alone.
   */
  #into(trace: number): number {
    const { traces, young } = this.#tables;
    const known = traces.rows.get("into", trace);
    if (known !== NONE) return known === MANY ? NONE : known;
    let only: { readonly buffer: Buffer; readonly at: number } | undefined;
    for (const arrival of young.of(trace)) {
      for (const at of spanOf(arrival)?.linkedAt ?? []) {
        const { buffer } = arrival;
        only ??= { buffer, at };
        if (buffer.compare(only.buffer, only.at, only.at + 16, at, at + 16) === 0) continue;
        traces.rows.set("into", trace, MANY);
        return NONE;
      }
    }
    const into = only ? traces.find(only.buffer, only.at) : NONE;
    traces.rows.set("into", trace, into);
    return into;
  }

  #isSettled(
    top: number,
    group: readonly { readonly row: number; readonly arrivals: readonly Arrival[] }[],
  ): boolean {
    const { rows } = this.#tables.traces;
    if (rows.get("spans", top) > 0 && rows.get("rooted", top) !== 1) return false;
    const within = new Set(group.map(({ row }) => row));
    return isSettled(
      group.flatMap(({ arrivals }) => arrivals),
      {
        hasSpan: (trace, high, low) => this.#tables.hasSpan(trace, high, low),
        consumers: () => this.#consumersOf(within),
      },
      this.#options,
    );
  }

  /** CONSUMER spans outside the journey that link into one of its traces. */
  *#consumersOf(within: ReadonlySet<number>): Generator<Span> {
    const { traces, young, blocks } = this.#tables;
    for (const row of within) {
      if (!traces.hasId(row)) continue;
      const id = traces.id(row);
      for (const linker of this.#tables.linkedTo(id)) {
        if (within.has(linker)) continue;
        let consumers = this.#consumers.get(linker);
        if (!consumers) {
          const stored = blocks.items(traces.rows.get("part", linker), false);
          const old = Array.from(stored, ({ bytes, origin }) => decodeSpan(bytes, origin.words));
          consumers = [...old.filter(({ kind }) => kind === "CONSUMER"), ...consumersIn(young.of(linker))];
          this.#consumers.set(linker, consumers);
        }
        const hex = id.toString("hex");
        yield* consumers.filter(({ links }) => links.some(({ traceId }) => traceId === hex));
      }
    }
  }
}
