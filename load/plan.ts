/** Turns scenarios and a profile into k6's options. Pure, so that they are tested without k6. */
import type { Profile } from "./profiles.ts";
import type { Scenario } from "./scenario.ts";

/** The k6 executors in use, as k6's options name them. */
export type Executor =
  | {
      readonly executor: "shared-iterations";
      readonly vus: number;
      readonly iterations: number;
      readonly maxDuration: string;
    }
  | {
      readonly executor: "ramping-arrival-rate";
      readonly startRate: number;
      readonly timeUnit: string;
      readonly preAllocatedVUs: number;
      readonly maxVUs: number;
      readonly stages: { target: number; duration: string }[];
    };

export interface Plan {
  /** By the scenario's name, which k6 puts on every sample as the tag `scenario`. */
  readonly scenarios: Record<string, Executor>;
  /** By metric and scenario; k6's exit status follows from them. */
  readonly thresholds: Record<string, string[]>;
}

/** The name under which all scenarios run at once, each by its weight. */
export const MIX = "mix";

/** The scenarios that `wanted` names: one, or those of the mix; none when there is no such name. */
export function chosen(wanted: string, all: readonly Scenario[]): readonly Scenario[] {
  return all.filter(({ name, load }) => (wanted === MIX ? load.weight > 0 : name === wanted));
}

/** k6 takes rates as whole numbers. Per minute, a small share of a small rate is still at least one. */
const TIME_UNIT_SECONDS = 60;
/** Beyond it k6 drops checkouts and reports them, rather than overload the machine. */
const MOST_VUS = 100;

/** k6's options. Each scenario gets its share of the profile by weight; a single one gets all of it. */
export function planOf(scenarios: readonly Scenario[], profile: Profile): Plan {
  const whole = scenarios.reduce((sum, { load }) => sum + load.weight, 0);
  const plan: Plan = { scenarios: {}, thresholds: {} };
  for (const scenario of scenarios) {
    const share = scenarios.length === 1 || whole === 0 ? 1 / scenarios.length : scenario.load.weight / whole;
    const { name, load } = scenario;
    plan.scenarios[name] = executorOf(profile, share, load.p95Ms);
    plan.thresholds[`checks{scenario:${name}}`] = [`rate>=${profile.rightAtLeast}`];
    plan.thresholds[`http_req_duration{scenario:${name}}`] = [`p(95)<${load.p95Ms * profile.patience}`];
    // A scenario that never ran passes the other thresholds. This one fails it.
    plan.thresholds[`iterations{scenario:${name}}`] = ["count>0"];
  }
  return plan;
}

function executorOf({ shape, patience }: Profile, share: number, p95Ms: number): Executor {
  if ("checkouts" in shape) {
    const iterations = Math.max(1, Math.round(shape.checkouts * share));
    return { executor: "shared-iterations", vus: 1, iterations, maxDuration: "2m" };
  }
  const perUnit = (perSecond: number): number =>
    Math.max(1, Math.round(perSecond * share * TIME_UNIT_SECONDS));
  const highest = Math.max(shape.fromPerSecond, ...shape.stages.map(({ perSecond }) => perSecond)) * share;
  // The number in flight when every checkout takes as long as its limit allows.
  const busy = Math.ceil((highest * p95Ms * patience) / 1_000) + 1;
  return {
    executor: "ramping-arrival-rate",
    startRate: perUnit(shape.fromPerSecond),
    timeUnit: `${TIME_UNIT_SECONDS}s`,
    preAllocatedVUs: Math.min(MOST_VUS, busy),
    maxVUs: MOST_VUS,
    stages: shape.stages.map(({ perSecond, seconds }) => ({
      target: perUnit(perSecond),
      duration: `${seconds}s`,
    })),
  };
}
