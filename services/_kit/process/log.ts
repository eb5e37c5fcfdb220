/** As much of a logger as this room needs: it cannot import the telemetry, which makes the loggers. */
export interface Log {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}
