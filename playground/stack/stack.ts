/** The programs of `npm start -- --full`, found or made before anything is started. */
import type { StackProgramName } from "./catalogue.ts";
import type { StackProgram } from "./find.ts";
import { findStackProgram, type StackProgramOptions, stackProgram } from "./program.ts";

export interface StackPrograms {
  readonly otelcol: StackProgram;
  readonly jaeger: StackProgram;
  readonly prometheus: StackProgram;
  /** Null when it is not installed: it cannot be made here. */
  readonly grafana: StackProgram | null;
}

/** Gets all of them, one after the other, because a build takes every core. Rejects as `stackProgram` does. */
export async function stackPrograms(options: StackProgramOptions): Promise<StackPrograms> {
  const get = (name: StackProgramName): Promise<StackProgram> => stackProgram(name, options);
  return {
    prometheus: await get("prometheus"),
    otelcol: await get("otelcol"),
    jaeger: await get("jaeger"),
    grafana: await findStackProgram("grafana", options),
  };
}
