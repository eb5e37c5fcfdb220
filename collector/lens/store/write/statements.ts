/** The statements of the writer, prepared once. */
import { PIECE } from "../layout.ts";
import type { Database } from "../sqlite.ts";

/** Entries go in so many at a time: a call costs as much as a row. */
export const ENTRIES_AT_ONCE = 16;

export type Statements = ReturnType<typeof prepareAll>;

export function prepareAll(database: Database) {
  const prepare = (sql: string) => {
    const statement = database.prepare(sql);
    statement.setReturnArrays(true);
    return statement;
  };
  const rows = Array(ENTRIES_AT_ONCE).fill("(?,?,?)").join();
  return {
    begin: prepare("BEGIN IMMEDIATE"),
    commit: prepare("COMMIT"),
    rollback: prepare("ROLLBACK"),
    pages: prepare("PRAGMA page_count"),
    freePages: prepare("PRAGMA freelist_count"),
    part: prepare("INSERT OR REPLACE INTO part VALUES (?,?,?,?,?,?,?,?,?,?,?,?)"),
    parts: prepare("SELECT * FROM part ORDER BY id"),
    dropPart: prepare("DELETE FROM part WHERE id = ?"),
    root: prepare("INSERT OR REPLACE INTO root VALUES (?,?,?,?,?,?,?)"),
    roots: prepare("SELECT id, service, traces, spans, logs, bytes FROM root WHERE part = ? ORDER BY id"),
    origin: prepare("INSERT INTO origin VALUES (?,?,?,?,?,?,?)"),
    origins: prepare(
      "SELECT id, service, resource, resourceUrl, scope, scopeUrl FROM origin WHERE part = ? ORDER BY id",
    ),
    operation: prepare("INSERT INTO operation VALUES (?,?,?,?,?)"),
    operations: prepare("SELECT id, service, name, kind FROM operation WHERE part = ? ORDER BY id"),
    trace: prepare("INSERT OR REPLACE INTO trace VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?)"),
    traceAt: prepare("SELECT * FROM trace WHERE key = ?"),
    hasLater: prepare(`UPDATE trace SET pieces = pieces | ${PIECE.hasLater} WHERE key = ?`),
    traceIds: prepare("SELECT key, id FROM trace WHERE key >= ? AND key < ? ORDER BY key LIMIT ?"),
    dropTraces: prepare("DELETE FROM trace WHERE key >= ? AND key < ?"),
    tracesAfter: prepare("SELECT * FROM trace WHERE key > ? AND key < ? ORDER BY key LIMIT ?"),
    segment: prepare("INSERT INTO segment VALUES (?,?,?,?,?,?)"),
    segments: prepare(
      "SELECT block, start, length, spans, logs FROM segment WHERE key >= ? AND key < ? ORDER BY key",
    ),
    dropSegments: prepare("DELETE FROM segment WHERE key >= ? AND key < ?"),
    log: prepare("INSERT INTO log VALUES (?,?,?,?,?)"),
    block: prepare("INSERT INTO block VALUES (?,?)"),
    blockAt: prepare("SELECT data FROM block WHERE key = ?"),
    piece: prepare("INSERT INTO tail VALUES (?,?,?)"),
    pieces: prepare("SELECT data FROM tail WHERE block = ? ORDER BY n"),
    dropPieces: prepare("DELETE FROM tail WHERE block = ?"),
    entry: prepare("INSERT OR IGNORE INTO entry VALUES (?,?,?)"),
    someEntries: prepare(`INSERT OR IGNORE INTO entry VALUES ${rows}`),
    entries: prepare("SELECT place FROM entry WHERE part = ? AND hash = ? ORDER BY place DESC"),
    meta: prepare("INSERT OR REPLACE INTO meta VALUES (?,?)"),
    metaAt: prepare("SELECT value FROM meta WHERE name = ?"),
  };
}
