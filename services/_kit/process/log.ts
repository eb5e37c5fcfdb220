/** As much of a logger as this room needs: the telemetry, which makes one, stands above it. */
export interface Log {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}
