/** One program of the stack, ready to be started. */
import type { ChildSpec } from "../runner/supervise.ts";

export interface StackPart {
  readonly spec: ChildSpec;
  /** Its public port. */
  readonly port: number;
  /** Address that answers 200 when it is ready. */
  readonly ready: string;
}
