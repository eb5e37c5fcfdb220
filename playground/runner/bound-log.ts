/**
 * Keeps a log file from growing without end while its child writes on. The child holds the file open by its own
 * descriptor, as its grandchildren do, so the file cannot be renamed away from under it: it is copied aside and
 * emptied, as logrotate's `copytruncate` does. It was opened to append, so that the next line goes to its new
 * beginning. Lines written between the copy and the emptying are lost; a pipe through a process of ours would keep
 * them, but then a slow reader could stall a service, and its last words would die with the reader.
 */
import { copyFile, stat, truncate } from "node:fs/promises";

export interface LogBound {
  /** At this size it is emptied; twice that is the most that the two files take, but for what comes within one interval. */
  readonly limitBytes: number;
  readonly everyMs: number;
}

export const LOG_BOUND: LogBound = { limitBytes: 20 * 1024 * 1024, everyMs: 1_000 };

/** Where the lines go that make room: one file, older ones are gone. */
export const olderLog = (logFile: string): string => `${logFile}.1`;

/** Watches `logFile`; the returned function ends that. A file that is not there, or a full disk, is looked at again next time. */
export function boundLog(logFile: string, { limitBytes, everyMs }: LogBound): () => void {
  let busy = false;
  const look = async (): Promise<void> => {
    if ((await stat(logFile)).size < limitBytes) return;
    // On a full disk the older half is what goes.
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
