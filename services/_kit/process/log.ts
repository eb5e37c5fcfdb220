/** As much of a logger as this room needs: it cannot import the telemetry, which makes the loggers. */
export interface Log {
  info(fields: { readonly err: unknown }, message: string): void;
  warn(fields: { readonly err: unknown }, message: string): void;
}
