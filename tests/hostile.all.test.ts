/**
 * A slice of `npm run hostile`: the same requests in the same way, but fewer. `BATON_SEED` chooses others; a failure
 * names its seed.
 */
import { expect, test } from "vitest";
import { DEFAULT_SEED } from "../playground/commands/hostile.ts";
import { reportText } from "./hostile/report.ts";
import { runHostile } from "./hostile/run.ts";

const REQUESTS = 1_500;
const SEED = Number(process.env.BATON_SEED ?? DEFAULT_SEED);

test(`${REQUESTS} hostile requests at the edge and at an internal port do no harm (seed ${SEED})`, async () => {
  const report = await runHostile({ requests: REQUESTS, seed: SEED });
  process.stderr.write(reportText(report));
  expect(report.faults).toEqual([]);
  for (const [kind, { sent }] of report.tallies) expect(sent, kind).toBeGreaterThanOrEqual(REQUESTS / 10);
  // Without accepted checkouts nothing would have been looked for in lens.
  expect(report.found.found).toBeGreaterThan(REQUESTS / 10);
});
