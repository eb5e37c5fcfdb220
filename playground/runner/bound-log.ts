/**
 * Keeps the log file of a running child from growing without end. The child and its own children hold the file open, so
 * a rename would not stop their writing. Instead the file is copied and truncated, as by logrotate's `copytruncate`. It
 * is open in append mode, so the next line goes to its new beginning. Lines written between the copy and the truncation
 * are lost. A pipe through a process of ours would keep them, but a slow reader could then stall a service, and its
 * last lines would be lost with the reader.
 */
import { copyFile, stat, truncate } from "node:fs/promises";

export interface LogBound {
  /** At this size the log is truncated. Both files take at most twice this, plus what is written in one interval. */
  readonly limitBytes: number;
  readonly everyMs: number;
}

export const LOG_BOUND: LogBound = { limitBytes: 20 * 1024 * 1024, everyMs: 1_000 };

/** The file with the older lines; lines before those are deleted. */
export const olderLog = (logFile: string): string => `${logFile}.1`;

/** Watches `logFile`; the returned function ends that. After an error it looks again at the next interval. */
export function boundLog(logFile: string, { limitBytes, everyMs }: LogBound): () => void {
  let busy = false;
  const look = async (): Promise<void> => {
    if ((await stat(logFile)).size < limitBytes) return;
    // On a full disk the older lines are lost.
    await copyFile(logFile, olderLog(logFile)).catch(() => {});
    await truncate(logFile);
  };
  const timer = setInterval(() => {
    if (busy) return;
    busy = true;
    look()
      .catch(() => {})
      .finally(() => {
        busy = false;
      });
  }, everyMs);
  timer.unref();
  return () => clearInterval(timer);
}
