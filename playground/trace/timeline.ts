/**
 * Maps time to columns. The scale is linear, but a stretch without any span (a delayed job, a redelivery) is cut to one
 * column when it would dwarf all the work. Every cut is drawn.
 */
import type { Journey } from "../../collector/lens/journey/model.ts";
import { endOf } from "../../collector/lens/journey/times.ts";
import { roundDuration } from "./format.ts";

export interface TimeLine {
  readonly columns: number;
  /** Position of a time, from 0 to `columns`. Times outside the journey go to its ends. */
  at(ns: bigint): number;
  /** Columns that stand for time cut out, and how much each. */
  readonly cuts: readonly { readonly column: number; readonly cutNs: bigint }[];
  /** Round times on the scale. */
  readonly ticks: readonly { readonly column: number; readonly label: string }[];
}

interface Stretch {
  readonly from: number;
  readonly to: number;
}

const maxCuts = 3;
/** A gap is cut when it is longer than this many times all the work. */
const dwarfs = 3;

/** The time line of a journey over `columns` columns (at least 1). */
export function timeLineOf(journey: Journey, columns: number): TimeLine {
  const offset = (ns: bigint) => Number(ns - journey.startNs);
  const total = Math.max(1, offset(journey.endNs));
  const busy = union(
    journey.spans
      .filter((s) => !s.shared)
      .map(({ span }) => ({ from: offset(span.startNs), to: offset(endOf(span)) })),
  );
  const gaps = cutsIn(busy, columns);
  const kept = total - gaps.reduce((sum, gap) => sum + (gap.to - gap.from), 0);
  const perNs = (columns - gaps.length) / kept;
  const at = (ns: number): number => {
    const time = Math.min(Math.max(ns, 0), total);
    let column = time * perNs;
    for (const { from, to } of gaps) {
      if (time <= from) break;
      const inside = Math.min(time, to) - from;
      column += inside / (to - from) - inside * perNs;
    }
    return Math.min(Math.max(column, 0), columns);
  };
  return {
    columns,
    at: (ns) => at(offset(ns)),
    cuts: gaps.map(({ from, to }) => ({
      column: Math.floor(at(from) + 1e-9),
      cutNs: BigInt(Math.round(to - from)),
    })),
    ticks: ticksOf(total, kept, gaps, columns, at),
  };
}

function cutsIn(busy: readonly Stretch[], columns: number): readonly Stretch[] {
  const work = busy.reduce((sum, { from, to }) => sum + (to - from), 0);
  const gaps = busy.slice(1).map((stretch, i) => ({ from: busy[i]?.to ?? 0, to: stretch.from }));
  return gaps
    .filter(({ from, to }) => to - from > dwarfs * Math.max(work, 1))
    .sort((a, b) => b.to - b.from - (a.to - a.from))
    .slice(0, columns >= 10 ? maxCuts : 0)
    .sort((a, b) => a.from - b.from);
}

function union(stretches: Stretch[]): readonly Stretch[] {
  const merged: { from: number; to: number }[] = [];
  for (const { from, to } of stretches.sort((a, b) => a.from - b.from)) {
    const last = merged.at(-1);
    if (last && from <= last.to) last.to = Math.max(last.to, to);
    else merged.push({ from, to: Math.max(from, to) });
  }
  return merged;
}

/** At most as many ticks as have room for their labels, at 1, 2 or 5 times a power of ten. */
function ticksOf(
  total: number,
  kept: number,
  gaps: readonly Stretch[],
  columns: number,
  at: (ns: number) => number,
): TimeLine["ticks"] {
  const most = Math.max(2, Math.floor(columns / 12));
  const power = 10 ** Math.floor(Math.log10(kept / most));
  const step = [1, 2, 5, 10].map((n) => n * power).find((size) => Math.floor(kept / size) <= most) ?? kept;
  const ticks = [{ column: 0, label: "0" }];
  // After a cut it goes on from the first round time: skipping a cut is one step, however long the cut is.
  for (let time = step; time < total; time += step) {
    const cut = gaps.find((gap) => time > gap.from && time < gap.to);
    if (cut) time = Math.ceil(cut.to / step) * step;
    if (time < total)
      ticks.push({ column: Math.floor(at(time)), label: roundDuration(BigInt(Math.round(time))) });
  }
  return ticks;
}
