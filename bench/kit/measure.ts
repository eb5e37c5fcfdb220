/** Runs a benchmark's rounds and makes one record of them. */
import type { Bench, Measured, Round } from "./bench.ts";
import { thisMachine } from "./machine.ts";
import type { BenchRecord } from "./record.ts";
import { type Spread, spreadOf } from "./statistics.ts";

export interface MeasureOptions extends Pick<Round, "quick" | "signal" | "say"> {
  readonly rounds: number;
}

/** The rounds' values of each figure. Throws when a round has measured fewer or other figures. */
function figuresOf(bench: Bench, rounds: readonly Measured[]): Record<string, Spread> {
  const names = bench.figures.map(({ name }) => name);
  for (const { values } of rounds) {
    const strange = Object.keys(values).filter((name) => !names.includes(name));
    const missing = names.filter((name) => !Number.isFinite(values[name]));
    if (strange.length + missing.length > 0) {
      throw new Error(
        `${bench.name} did not measure ${missing.join(", ") || "less"}; strange: ${strange.join(", ") || "nothing"}`,
      );
    }
  }
  return Object.fromEntries(
    names.map((name) => [name, spreadOf(rounds.map(({ values }) => values[name] ?? Number.NaN))]),
  );
}

/** Runs the rounds. Rejects with the signal's reason, or with the error of a round. */
export async function measure(bench: Bench, options: MeasureOptions): Promise<BenchRecord> {
  const { rounds, quick, signal, say } = options;
  const machine = thisMachine();
  const beganMs = performance.now();
  const measured: Measured[] = [];
  for (let number = 1; number <= rounds; number += 1) {
    signal.throwIfAborted();
    const tell = (line: string): void => say(`${bench.name}, round ${number} of ${rounds}: ${line}`);
    measured.push(await bench.run({ number, quick, signal, say: tell }));
  }
  return {
    bench: bench.name,
    at: new Date().toISOString(),
    machine,
    rounds,
    quick,
    tookSeconds: (performance.now() - beganMs) / 1e3,
    figures: figuresOf(bench, measured),
    tables: measured.at(-1)?.tables ?? [],
  };
}
