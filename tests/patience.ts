/**
 * Timeouts of tests. Each is written for a quiet laptop, and goes through `patient`, which multiplies it by one factor.
 * The factor is measured once for a run, in vitest.config.ts, and reaches every process of the run in
 * `BATON_TEST_PATIENCE`. A long timeout costs nothing as long as tests pass: only a hanging test reaches it.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import os from "node:os";

/** When it is set, the factor is not measured. */
export const VARIABLE = "BATON_TEST_PATIENCE";

/** Not less, because other programs may become busy after the measurement, and the run itself is busy, too. */
const LEAST = 3;
/** On a machine that is even slower nothing can be tested. */
const MOST = 30;
/** The timeouts are written for so many cores. With fewer, the processes of the tests wait for each other. */
const CORES = 4;
/** How long a quiet laptop takes for `WORK`, the start of Node included. */
const QUIET_MS = 150;
const WORK = "let n = 0; for (let i = 0; i < 2e7; i++) n ^= i";

/** The factor for a machine with `cores` cores that took `tookMs` for work that takes `QUIET_MS` on a quiet laptop. */
export function factorFor(tookMs: number, cores: number): number {
  const factor = Math.max(1, tookMs / QUIET_MS) * Math.max(1, CORES / cores);
  return Math.ceil(Math.min(MOST, Math.max(LEAST, factor)));
}

/** Measures the factor: every core does the same work at once, each in its own process. */
export async function measure(): Promise<number> {
  const cores = os.availableParallelism();
  const beganMs = performance.now();
  const work = async (): Promise<void> => {
    await once(spawn(process.execPath, ["-e", WORK], { stdio: "ignore" }), "exit");
  };
  await Promise.all(Array.from({ length: cores }, work));
  return factorFor(performance.now() - beganMs, cores);
}

/** The factor in `value`; `LEAST` when it is not set. Throws unless it is a number of 1 or more. */
export function factorFrom(value: string | undefined): number {
  if (!value) return LEAST;
  const factor = Number(value);
  if (!(factor >= 1 && factor <= 1_000))
    throw new Error(`${VARIABLE} must be a number from 1 to 1000, not ${JSON.stringify(value)}`);
  return factor;
}

const factor = (): number => factorFrom(process.env[VARIABLE]);

/** `quietMs`, generous on a quiet laptop, as a timeout for this machine, in ms; a multiple of 10. */
export const patient = (quietMs: number): number => 10 * Math.ceil((quietMs * factor()) / 10);

/** A time that the product promises, in ms: unchanged on a quiet machine, longer in proportion on a slower one. */
export const promised = (quietMs: number): number => Math.ceil(quietMs * Math.max(1, factor() / LEAST));
