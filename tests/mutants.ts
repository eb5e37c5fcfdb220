import type { Mutant } from "./mutate.ts";

/** Every inject, extract and link line of the hand-over, and the test that must notice when it is gone. */
export const mutants: readonly Mutant[] = [];
