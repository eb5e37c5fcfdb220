/** What is different about one journey beside another: what it has more and less of, what took longer, what waited. */
import type { Journey, JourneySpan, SpanKey } from "./model.ts";
import { compareText } from "./order.ts";
import { inMs, lastingOf } from "./times.ts";
import { longestWaitOf } from "./waits.ts";

/** Spans of one service, name and kind. */
export interface Step {
  readonly service: string;
  readonly name: string;
  readonly kind: string;
  readonly count: number;
}

/** A step that both have: how long it took in each, all its spans together. */
export interface Pace extends Step {
  readonly beforeMs: number;
  readonly ms: number;
}

export interface WaitChange {
  readonly kind: string;
  readonly beforeMs: number;
  readonly ms: number;
}

export interface Comparison {
  /** Steps that only the second has, or has more often; and by how many spans. */
  readonly extra: readonly Step[];
  /** Steps that only the first has, or has more often. */
  readonly missing: readonly Step[];
  /** Steps that took longer in the second by more than `SLOWER_MS` and a tenth, most first. */
  readonly slower: readonly Pace[];
  /** Waits by kind, where they differ by as much; the most first. */
  readonly waits: readonly WaitChange[];
  readonly durationMs: { readonly before: number; readonly now: number };
  readonly outcome: { readonly before: SpanKey | null; readonly now: SpanKey | null };
  /** The longest wait of each, in milliseconds; 0 without any. */
  readonly longestWaitMs: { readonly before: number; readonly now: number };
}

/** Smaller differences are noise. */
export const SLOWER_MS = 1;

/** Compares `now` with `before`. Pure; the order of spans does not show. */
export function compare(before: Journey, now: Journey): Comparison {
  const [first, second] = [stepsOf(before.spans), stepsOf(now.spans)];
  const names = [...new Set([...first.keys(), ...second.keys()])].sort(compareText);
  const [extra, missing]: Step[][] = [[], []];
  const slower: Pace[] = [];
  for (const name of names) {
    const [was, is] = [first.get(name), second.get(name)];
    const step = is ?? was;
    if (!step) continue;
    const more = (is?.count ?? 0) - (was?.count ?? 0);
    const { service, name: called, kind } = step;
    if (more > 0) extra?.push({ service, name: called, kind, count: more });
    if (more < 0) missing?.push({ service, name: called, kind, count: -more });
    if (was && is && isMore(is.ms, was.ms))
      slower.push({ service, name: called, kind, count: is.count, beforeMs: was.ms, ms: is.ms });
  }
  const [waited, waits] = [waitsOf(before), waitsOf(now)];
  const kinds = [...new Set([...waited.keys(), ...waits.keys()])].sort(compareText);
  const changes = kinds.map((kind) => ({ kind, beforeMs: waited.get(kind) ?? 0, ms: waits.get(kind) ?? 0 }));
  return {
    extra: extra ?? [],
    missing: missing ?? [],
    slower: slower.sort((a, b) => b.ms - b.beforeMs - (a.ms - a.beforeMs)),
    waits: changes
      .filter(({ beforeMs, ms }) => isMore(ms, beforeMs) || isMore(beforeMs, ms))
      .sort((a, b) => Math.abs(b.ms - b.beforeMs) - Math.abs(a.ms - a.beforeMs)),
    durationMs: { before: inMs(before.endNs - before.startNs), now: inMs(now.endNs - now.startNs) },
    outcome: { before: before.cause?.key ?? null, now: now.cause?.key ?? null },
    longestWaitMs: { before: longestMs(before), now: longestMs(now) },
  };
}

const isMore = (ms: number, than: number): boolean => ms - than > SLOWER_MS && ms > than * 1.1;

function longestMs({ waits }: Journey): number {
  const wait = longestWaitOf(waits);
  return wait ? inMs(wait.endNs - wait.startNs) : 0;
}

interface Taken extends Step {
  count: number;
  ms: number;
}

function stepsOf(spans: readonly JourneySpan[]): Map<string, Taken> {
  const steps = new Map<string, Taken>();
  for (const { span } of spans) {
    const { service, name, kind } = span;
    const id = JSON.stringify([service, name, kind]);
    const step = steps.get(id) ?? { service, name, kind, count: 0, ms: 0 };
    step.count += 1;
    step.ms += inMs(lastingOf(span));
    steps.set(id, step);
  }
  return steps;
}

function waitsOf({ waits }: Journey): Map<string, number> {
  const byKind = new Map<string, number>();
  for (const { kind, startNs, endNs } of waits)
    byKind.set(kind, (byKind.get(kind) ?? 0) + inMs(endNs - startNs));
  return byKind;
}
