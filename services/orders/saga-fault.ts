/** Takes the steps of a saga, where the fault `orders.saga:kill(step)` can end the process. */
import type { FaultAt } from "../_kit/telemetry/faults.ts";

/**
 * The fault bites right before a step, or behind it as `after-<step>`. A good order takes `place` to `confirm`. One
 * that fails takes `release` and `reject`, and before them `refund` if its charge may have succeeded.
 */
export type StepName =
  | "place"
  | "reserve"
  | "charge"
  | "confirm"
  | "compensate"
  | "refund"
  | "release"
  | "reject";

/** Takes a step: runs `work` and returns its result. */
export type TakeStep = <T>(name: StepName, work: () => Promise<T>) => Promise<T>;

/** `kill`: ends the process, as by SIGKILL. A saga that is taken up again is a later attempt, where no fault bites. */
export function makeTakeStep(fault: FaultAt, kill: () => void): TakeStep {
  const passing = async (moment: string): Promise<void> => {
    const bite = fault("orders.saga");
    if (bite?.kind !== "kill" || bite.arg !== moment) return;
    kill();
    // No further step is taken in the time until the signal arrives.
    await new Promise(() => {});
  };
  return async (name, work) => {
    await passing(name);
    const result = await work();
    await passing(`after-${name}`);
    return result;
  };
}
