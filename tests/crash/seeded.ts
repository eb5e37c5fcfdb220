/** Reproducible random numbers: the same seed gives the same sequence. */

export interface Chance {
  /** A whole number from 0 to `below` - 1. */
  below(below: number): number;
  /** The same things in another order. */
  shuffled<T>(things: readonly T[]): T[];
}

/** mulberry32 (Tommy Ettinger, public domain): 32 bits of state are enough for a schedule. */
export function chance(seed: number): Chance {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (limit: number): number => Math.floor(next() * limit);
  return {
    below,
    shuffled: (things) => {
      const all = [...things];
      for (let last = all.length - 1; last > 0; last--) {
        const other = below(last + 1);
        const [a, b] = [all[last], all[other]] as [(typeof all)[0], (typeof all)[0]];
        all[last] = b;
        all[other] = a;
      }
      return all;
    },
  };
}
