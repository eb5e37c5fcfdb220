/** What of a process's environment decides how its telemetry is set up. */
import * as z from "zod";
import { readConfig } from "../config.ts";
import type { EdgeOptions } from "./edge.ts";
import type { InstrumentationSet } from "./instrumentations.ts";
import { ASYNC_MODES, type AsyncMode } from "./propagation.ts";

export interface TelemetrySettings {
  readonly on: boolean;
  readonly service: string;
  readonly instrumentation: InstrumentationSet;
  readonly asyncMode: AsyncMode;
  /** Only in the process at the public edge. */
  readonly edge: EdgeOptions | undefined;
}

const schema = z.object({
  BATON_SERVICE: z.string().min(1).default("unknown_service"),
  OTEL_SERVICE_NAME: z.string().optional(),
  OTEL_SDK_DISABLED: z.string().optional(),
  BATON_TELEMETRY: z.enum(["on", "off"]).default("on"),
  BATON_INSTRUMENTATION: z.enum(["curated", "auto"]).default("curated"),
  BATON_ASYNC: z.enum(ASYNC_MODES).default("parent+link"),
  BATON_EDGE: z.enum(["0", "1"]).default("0"),
  BATON_EDGE_TRACE: z.enum(["continue", "restart"]).default("continue"),
  BATON_FAULTS: z.enum(["0", "1"]).default("0"),
});

/** Throws a ConfigError that names every wrong variable. */
export function readTelemetrySettings(env: NodeJS.ProcessEnv): TelemetrySettings {
  const read = readConfig(schema, env);
  return Object.freeze({
    on: read.BATON_TELEMETRY === "on" && read.OTEL_SDK_DISABLED !== "true",
    service: read.OTEL_SERVICE_NAME ?? read.BATON_SERVICE,
    instrumentation: read.BATON_INSTRUMENTATION,
    asyncMode: read.BATON_ASYNC,
    edge:
      read.BATON_EDGE === "1"
        ? { trace: read.BATON_EDGE_TRACE, faults: read.BATON_FAULTS === "1" }
        : undefined,
  });
}
