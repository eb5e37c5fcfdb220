/** One program of the stack, ready to be started. */
import type { ChildSpec } from "../runner/supervise.ts";

export interface StackPart {
  readonly spec: ChildSpec;
  /** The port that people know it by. */
  readonly port: number;
  /** Address that answers 200 when it can do its work. */
  readonly ready: string;
}
