/**
 * JSON lines on standard output. The correlation id is mixed into every line, trace and span id come from
 * the pino instrumentation, which also hands each record to the OpenTelemetry logs SDK.
 */
import { type Logger, pino } from "pino";
import { BATON } from "./conventions.ts";
import { correlationId } from "./correlation.ts";

export type { Logger };

/** `service`: its name, in every line. `level`: pino's, default `info`. */
export function makeLogger(service: string, level = process.env.BATON_LOG_LEVEL ?? "info"): Logger {
  return pino({
    level,
    base: { service },
    // Keys that could hold a secret are redacted in every line.
    redact: {
      paths: ["*.password", "*.token", "token", "password", "*.authorization"],
      censor: "[redacted]",
    },
    mixin: () => {
      const id = correlationId();
      return id === undefined ? {} : { [BATON.correlationId]: id };
    },
  });
}
