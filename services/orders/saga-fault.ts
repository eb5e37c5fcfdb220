/** Where a step of a saga is taken, and where the fault `orders.saga:kill(step)` ends the process. */
import type { FaultAt } from "../_kit/telemetry/faults.ts";

/**
 * Where it bites: right before a step, or behind it as `after-<step>`. `place` to `charge` and `confirm` are taken for
 * a good order, `compensate`, in it `release`, and `reject` for one that is not, `refund` for one whose charge may have
 * gone through. A step that is stored before it is taken is stored when the fault bites.
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

/** Takes a step: runs `work`, and answers what it answers. */
export type TakeStep = <T>(name: StepName, work: () => Promise<T>) => Promise<T>;

/** `kill`: ends the process, as by SIGKILL. Whoever tries a saga again has another attempt, at which no fault bites. */
export function makeTakeStep(fault: FaultAt, kill: () => void): TakeStep {
  const passing = async (moment: string): Promise<void> => {
    const bite = fault("orders.saga");
    if (bite?.kind !== "kill" || bite.arg !== moment) return;
    kill();
    // A process that was killed takes no further step, not even in the moment until the signal has arrived.
    await new Promise(() => {});
  };
  return async (name, work) => {
    await passing(name);
    const result = await work();
    await passing(`after-${name}`);
    return result;
  };
}
