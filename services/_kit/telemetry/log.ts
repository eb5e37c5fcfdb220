/**
 * JSON lines on standard output. The correlation id is mixed into every line, trace and span id come from
 * the pino instrumentation, which also hands each record to the OpenTelemetry logs SDK. Every field becomes an
 * attribute there, so fields have the names of the registry.
 */
import { type DestinationStream, pino, stdSerializers } from "pino";
import { BATON } from "./conventions.ts";
import { correlationId } from "./correlation.ts";
import type { LogFields } from "./log-fields.ts";

/** The field that pino's instrumentation makes the record's EventName. */
export const EVENT_NAME = "otel.event.name";

/** What the record of an event says: the registry has a row for each name. Only `note` writes them. */
export interface EventFields {
  readonly [EVENT_NAME]: string;
  readonly [attribute: string]: string | number;
}

/** `err` becomes the attributes `exception.…`; `pid` is in the line only. Any other field is a name of the registry. */
interface Fields extends LogFields {
  readonly err?: unknown;
  readonly pid?: number;
}

interface Write {
  (message: string): void;
  (fields: Fields, message: string): void;
  (fields: EventFields, message: string): void;
}

/** A logger whose fields are those of the registry: a name that it does not list does not compile. */
export type Logger = Readonly<Record<"trace" | "debug" | "info" | "warn" | "error" | "fatal", Write>>;

/**
 * `service`: its name, in every line; OpenTelemetry's records have it in their resource. `level`: pino's, default
 * `info`. `out`: takes the lines, default standard output.
 */
export function makeLogger(
  service: string,
  level = process.env.BATON_LOG_LEVEL ?? "info",
  out: DestinationStream = pino.destination(1),
): Logger {
  return pino(
    {
      level,
      base: null,
      serializers: { err: exceptionOf },
      // Keys that could hold a secret are redacted in every line.
      redact: {
        paths: ["*.password", "*.token", "token", "password", "*.authorization"],
        censor: "[redacted]",
      },
      mixin: () => {
        const id = correlationId();
        return id === undefined ? {} : { [BATON.correlationId]: id };
      },
    },
    { write: (line) => out.write(`{"service":${JSON.stringify(service)},${line.slice(1)}`) },
  );
}

/**
 * An error as a field. The SDK takes `exception.type` from `code`, else from `name`: its class is called `name` here,
 * as the conventions want, and its code `error_code`.
 */
function exceptionOf(thrown: unknown): unknown {
  const serialized: unknown = stdSerializers.err(thrown as Error);
  if (serialized === thrown) return thrown;
  const { code, type, ...rest } = serialized as Record<string, unknown>;
  return { ...rest, name: type, ...(code === undefined ? {} : { error_code: code }) };
}
