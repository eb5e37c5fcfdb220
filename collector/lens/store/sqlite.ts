/** SQLite as Node brings it, in every thread that uses it. */
import type * as NodeSqlite from "node:sqlite";

export type Database = NodeSqlite.DatabaseSync;
export type Statement = NodeSqlite.StatementSync;

/** What `work` returns; the warnings that it gives are shown, except those that begin so. */
export function withoutWarning<T>(beginning: string, work: () => T): T {
  const { emitWarning } = process;
  const others = (...args: unknown[]): void => {
    if (!String(args[0]).startsWith(beginning)) Reflect.apply(emitWarning, process, args);
  };
  process.emitWarning = others as typeof emitWarning;
  try {
    return work();
  } finally {
    process.emitWarning = emitWarning;
  }
}

// Below 24.15 Node says so in every thread that loads it. The release in use is pinned, and what is used of it is
// tested there.
export const { DatabaseSync } = withoutWarning("SQLite is an experimental feature", () =>
  process.getBuiltinModule("node:sqlite"),
);

/** SQLite's result codes, in the low byte, that say that the disk is at fault and not what was asked. */
const DISK = new Set([7 /* NOMEM */, 8 /* READONLY */, 10 /* IOERR */, 13 /* FULL */, 14 /* CANTOPEN */]);
const [BUSY, CORRUPT, NOT_A_DATABASE] = [5, 11, 26];

const codeOf = (error: unknown): number =>
  error instanceof Error && "errcode" in error && typeof error.errcode === "number"
    ? error.errcode & 0xff
    : 0;

/** True when the same may work later: the disk is full, say. */
export const isDiskError = (error: unknown): boolean => DISK.has(codeOf(error)) || isBusy(error);
/** True when another process holds the file. */
export const isBusy = (error: unknown): boolean => codeOf(error) === BUSY;
/** True when the file is no database, or a broken one. */
export const isBroken = (error: unknown): boolean => [CORRUPT, NOT_A_DATABASE].includes(codeOf(error));
