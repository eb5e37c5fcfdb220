/** The store's files: opened, made, or set aside when they are not of this version. */
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import path from "node:path";
import { SEED_BYTES } from "../otlp/hasher.ts";
import { APPLICATION_ID, SCHEMA, VERSION } from "./layout.ts";
import { type Database, DatabaseSync, isBroken, isBusy } from "./sqlite.ts";

/** Says something in lens' log. */
export type Say = (what: string, fields: Readonly<Record<string, unknown>>) => void;

/**
 * What is committed survives the process either way. With NORMAL a power cut loses the last of it at most; with OFF,
 * which is for tests, it may break the file.
 */
export type Durability = "NORMAL" | "OFF";

/** Of the database itself, its journal and the index of that. */
const SUFFIXES = ["", "-wal", "-shm"];
/** How the store was kept before it was a database. */
const OLDER = "lens.kept";
const PAGE_BYTES = 4096;
/** Pages that writing keeps in memory, and reading; in KiB. */
const WRITE_CACHE_KIB = 12 * 1024;
const READ_CACHE_KIB = 4 * 1024;
/** The journal is written back when it has this many pages, and cut to so many bytes when it was longer. */
const JOURNAL_PAGES = 4096;
const JOURNAL_BYTES = 16 * 1024 * 1024;

export const databaseIn = (dir: string): string => path.join(dir, "lens.db");

/** A store that is open for writing, by this process alone. */
export interface OpenStore {
  readonly database: Database;
  /** Of the index's hashes. */
  readonly seed: Uint8Array;
  close(): void;
}

/**
 * Opens the store in `dir` for writing, and makes it when there is none. A file of another version, or one that is
 * broken, is set aside and said so. Throws an Error when another process has it, or when it cannot be made.
 */
export function openStore(dir: string, say: Say, durability: Durability = "NORMAL"): OpenStore {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const lock = lockIn(dir);
  try {
    const older = path.join(dir, OLDER);
    if (existsSync(older)) setAside([older], "it is of an older version", say);
    const database = openOrSetAside(dir, say, durability);
    const seed = database.prepare("SELECT value FROM meta WHERE name = 'seed'").get()?.value;
    if (!(seed instanceof Uint8Array)) throw new Error(`${databaseIn(dir)} has lost its seed`);
    const close = (): void => {
      database.close();
      lock.close();
    };
    return { database, seed, close };
  } catch (error) {
    lock.close();
    throw error;
  }
}

/** Opens the store in `dir` for reading, while another thread writes to it. */
export function openForReading(dir: string): Database {
  const database = new DatabaseSync(databaseIn(dir), { readOnly: true });
  database.exec(`PRAGMA busy_timeout = 1000; PRAGMA cache_size = -${READ_CACHE_KIB}`);
  return database;
}

/** Held as long as the process lives; the system releases it however that ends. */
function lockIn(dir: string): Database {
  const lock = new DatabaseSync(path.join(dir, "lens.lock"));
  try {
    // Without a journal nothing is left behind that another process would have to clear away.
    lock.exec("PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE");
    return lock;
  } catch (cause) {
    lock.close();
    if (!isBusy(cause)) throw cause;
    throw new Error(`another lens has its store in ${dir}`, { cause });
  }
}

function openOrSetAside(dir: string, say: Say, durability: Durability): Database {
  const file = databaseIn(dir);
  if (existsSync(file)) {
    const wrong = whatIsWrong(file);
    if (wrong === null) return opened(file, durability);
    setAside(
      SUFFIXES.map((suffix) => file + suffix),
      wrong,
      say,
    );
  }
  const database = opened(file, durability);
  database.exec(`BEGIN; ${SCHEMA}`);
  database.prepare("INSERT INTO meta VALUES ('seed', ?)").run(randomBytes(SEED_BYTES));
  database.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${VERSION}; COMMIT`);
  return database;
}

/** Null when the file is a store of this version. */
function whatIsWrong(file: string): string | null {
  const database = new DatabaseSync(file);
  try {
    const number = (pragma: string): unknown =>
      Object.values(database.prepare(`PRAGMA ${pragma}`).get() ?? {})[0];
    if (number("application_id") !== APPLICATION_ID) return "it is not a store of lens";
    const version = number("user_version");
    return version === VERSION
      ? null
      : `it is of version ${version}, and this lens writes version ${VERSION}`;
  } catch (error) {
    if (!isBroken(error)) throw error;
    return "it is broken";
  } finally {
    database.close();
  }
}

function opened(file: string, durability: Durability): Database {
  const database = new DatabaseSync(file);
  database.exec(`
    PRAGMA synchronous = ${durability};
    PRAGMA page_size = ${PAGE_BYTES};
    PRAGMA journal_mode = WAL;
    PRAGMA wal_autocheckpoint = ${JOURNAL_PAGES};
    PRAGMA journal_size_limit = ${JOURNAL_BYTES};
    PRAGMA cache_size = -${WRITE_CACHE_KIB};
    PRAGMA busy_timeout = 1000;
    PRAGMA temp_store = MEMORY;
  `);
  return database;
}

/** Renames files that cannot be used, in the place of those that were set aside before. */
function setAside(files: readonly string[], why: string, say: Say): void {
  const [first = ""] = files;
  for (const file of files) {
    rmSync(`${file}.aside`, { force: true });
    if (existsSync(file)) renameSync(file, `${file}.aside`);
  }
  say("what was stored cannot be used and is set aside", { file: first, aside: `${first}.aside`, why });
}
