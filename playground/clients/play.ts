/** The two checkouts that `npm start` shows: one succeeds, one is declined. */

import { findingText, judgeAnswer } from "../../load/answer.ts";
import type { Scenario } from "../../load/scenario.ts";
import checkout from "../../load/scenarios/checkout.ts";
import declined from "../../load/scenarios/payment-declined.ts";
import { Problem } from "../problem.ts";
import type { Reporter } from "../terminal/report.ts";
import { newUser, sendCheckout } from "./gateway.ts";
import { type Awaited, awaitJourney } from "./lens.ts";

/** A scenario that was played, and its journey. */
export interface Played {
  readonly scenario: Scenario;
  readonly awaited: Awaited;
}

/** A journey that has not grown for this long is shown, complete or not. */
const JOURNEY_STILL_MS = 30_000;

interface Where {
  readonly urls: Readonly<Record<"gateway" | "lens", string>>;
  readonly report: Reporter;
  readonly signal: AbortSignal;
}

/** Sends the scenario's checkout and waits for its journey. Rejects with a Problem if the answer is unexpected. */
async function play(scenario: Scenario, { urls, report, signal }: Where): Promise<Played> {
  const done = report.begin(`the journey "${scenario.title}"`);
  try {
    const { request, faults, expect } = scenario;
    const order = { userId: newUser(), ...request, fault: faults.join("|") };
    const answer = await sendCheckout(urls.gateway, order, signal);
    const wrong = judgeAnswer(answer, expect).map(findingText);
    if (wrong.length > 0) {
      const said = [...wrong, answer.detail].filter(Boolean).join("; ");
      throw new Problem("refused", `${scenario.title}: the gateway's answer is not as promised: ${said}`);
    }
    const awaited = await awaitJourney(urls.lens, answer.traceId, expect.hops, {
      signal,
      stillMs: JOURNEY_STILL_MS,
    });
    return { scenario, awaited };
  } finally {
    done();
  }
}

/** Plays both at once. `firstMs`: how long the good one took, from the request to the complete journey. */
export async function playFirst(
  where: Where,
): Promise<{ readonly played: readonly Played[]; readonly firstMs: number }> {
  const sinceMs = performance.now();
  let firstMs = 0;
  const good = play(checkout, where).then((played) => {
    firstMs = performance.now() - sinceMs;
    return played;
  });
  const played = await Promise.all([good, play(declined, where)]);
  return { played, firstMs };
}
