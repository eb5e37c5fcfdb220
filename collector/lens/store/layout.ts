/**
 * How the store lies in its database.
 *
 * Everything that arrives goes into the newest *part*, which holds all that it refers to: traces, the services that
 * they count for, resources, names, index entries and blocks. Its rows are a range of each table, by its number. So the
 * oldest part can go without a search and without holes, and the index that is written to stays small however much is
 * stored: with four million traces one index over all of them cost twice as much time and four times as many written
 * bytes.
 *
 * A *segment* is what one transaction brought of one trace; a *block* is some 64 KB of items one behind the other,
 * compressed when it is full, until then its *tail*. An *entry* leads from a hash to traces: to one by its id, by the
 * value of an indexed attribute or by a trace that it links to, and by service and name to a bucket of neighbours.
 *
 * Metrics lie apart: a *series* is one set of attributes of one metric, and its *points* are by the minute in which
 * they came.
 */

/** "lens" */
export const APPLICATION_ID = 0x6c656e73;
/** Another version's file is set aside. */
export const VERSION = 1;

/** 2^22 parts of at most 2^18 traces with at most 2^13 segments each: the keys of segments have 53 bits. */
export const MOST_PARTS = 2 ** 22;
export const TRACES_A_PART = 2 ** 18;
export const SEGMENTS_A_TRACE = 2 ** 13;
/** Blocks and log segments of a part. */
export const PLACES_A_PART = 2 ** 31;

/** Neighbours in the order of arrival that share an entry for a service or a name: most have the same ones. */
export const BUCKET = 32;

export const traceKey = (part: number, place: number): number => part * TRACES_A_PART + place;
export const partOfTrace = (key: number): number => Math.floor(key / TRACES_A_PART);
export const segmentKey = (trace: number, place: number): number => trace * SEGMENTS_A_TRACE + place;
export const placeKey = (part: number, place: number): number => part * PLACES_A_PART + place;

/** Keeps kinds of entries apart that are hashed from ids. The id itself has 0. */
export const LINK_SALT = 1;
/** And those that are hashed from texts. */
export const SERVICE_SALT = 2;
export const LOGS_SALT = 3;

/** In `pieces` of a trace's row: other rows hold what came before it, and what came after it. */
export const PIECE = { hasEarlier: 1, hasLater: 2 } as const;

/** What a part is. Readers see only the first three. */
export const STATE = {
  /** It is written to. */
  open: 0,
  closed: 1,
  /** Its traces that are to stay are moved to others, a few at a time. */
  leaving: 2,
  /** Its rows are deleted, a few at a time. */
  gone: 3,
} as const;

export const SCHEMA = `
CREATE TABLE meta (name TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE part (
  id INTEGER PRIMARY KEY, state INTEGER, kept TEXT, traces INTEGER, blocks INTEGER, logs INTEGER,
  firstSeq INTEGER, lastSeq INTEGER, openedMs INTEGER, lastMs INTEGER, bytes INTEGER, filter BLOB
);
CREATE TABLE root (
  part INTEGER, id INTEGER, service TEXT, traces INTEGER, spans INTEGER, logs INTEGER, bytes INTEGER,
  PRIMARY KEY (part, id)
) WITHOUT ROWID;
CREATE TABLE origin (
  part INTEGER, id INTEGER, service TEXT, resource BLOB, resourceUrl TEXT, scope BLOB, scopeUrl TEXT,
  PRIMARY KEY (part, id)
) WITHOUT ROWID;
CREATE TABLE operation (
  part INTEGER, id INTEGER, service TEXT, name TEXT, kind INTEGER, PRIMARY KEY (part, id)
) WITHOUT ROWID;
CREATE TABLE trace (
  key INTEGER PRIMARY KEY, seq INTEGER, id BLOB, root INTEGER, rooted INTEGER, pieces INTEGER, revised INTEGER,
  spans INTEGER, logs INTEGER, segments INTEGER, bytes INTEGER, start REAL, end REAL, lastMs INTEGER
);
CREATE TABLE segment (
  key INTEGER PRIMARY KEY, block INTEGER, start INTEGER, length INTEGER, spans INTEGER, logs INTEGER
);
CREATE TABLE log (key INTEGER PRIMARY KEY, segment INTEGER, first REAL, last REAL, severity INTEGER);
CREATE TABLE block (key INTEGER PRIMARY KEY, data BLOB);
CREATE TABLE tail (block INTEGER, n INTEGER, data BLOB, PRIMARY KEY (block, n)) WITHOUT ROWID;
CREATE TABLE metric (
  id INTEGER PRIMARY KEY, hash INTEGER, service TEXT, resource BLOB, scope BLOB, name TEXT, unit TEXT,
  description TEXT, kind TEXT, temporality INTEGER, monotonic INTEGER
);
CREATE INDEX metricName ON metric (name);
CREATE TABLE series (id INTEGER PRIMARY KEY, metric INTEGER, hash INTEGER, attributes BLOB, minute INTEGER);
CREATE INDEX seriesMetric ON series (metric);
CREATE INDEX seriesMinute ON series (minute);
CREATE TABLE point (
  minute INTEGER, series INTEGER, time REAL, data BLOB, PRIMARY KEY (minute, series, time)
) WITHOUT ROWID;
CREATE TABLE entry (part INTEGER, hash INTEGER, place INTEGER, PRIMARY KEY (part, hash, place)) WITHOUT ROWID;
`;
