/** The log of a thread that is not the main one: its lines are written there. */
import type { LogLine } from "./messages.ts";

export interface Log {
  error(fields: Readonly<Record<string, unknown>>, text: string): void;
  warn(fields: Readonly<Record<string, unknown>>, text: string): void;
  info(fields: Readonly<Record<string, unknown>>, text: string): void;
}

export function threadLog(say: (line: LogLine) => void): Log {
  const line =
    (level: LogLine["log"]["level"]) =>
    (fields: Readonly<Record<string, unknown>>, text: string): void =>
      say({ log: { level, text, fields } });
  return { error: line("error"), warn: line("warn"), info: line("info") };
}
