/** Compares the imports with the table of rooms: an import that no row allows, and an entry that no import needs. */
import { lineOf } from "../repository/exception.ts";
import { isProduct, isTest, type Repository } from "../repository/repository.ts";
import type { Import } from "../repository/source.ts";
import type { Violation } from "../repository/violation.ts";
import { ROOMS, type Row, TESTS } from "./room-table.ts";

type Rooms = Readonly<Record<string, Row>>;

const TABLE = "tests/tidy/imports/room-table.ts";

interface Place {
  /** The row's key. */
  readonly room: string;
  /** The folder or file itself. The row `services/*` has one for each service. */
  readonly at: string;
}

/** Finds the room of a file: the longest key that matches. A service's name has lower-case letters only. */
function placeOf(rooms: readonly string[]): (file: string) => Place | undefined {
  const known = rooms
    .toSorted((a, b) => b.length - a.length)
    .map((room) => ({
      room,
      fits: new RegExp(`^${room.replaceAll(".", "\\.").replace("*", "[a-z]+")}(?=/|$)`),
    }));
  return (file) => {
    if (isTest(file)) return { room: TESTS, at: TESTS };
    for (const { room, fits } of known) {
      const at = fits.exec(file)?.[0];
      if (at !== undefined) return { room, at };
    }
    return undefined;
  };
}

const isListed = (name: string, listed: string): boolean =>
  listed.endsWith("*") ? name.startsWith(listed.slice(0, -1)) : name === listed;

/** Each import of the product that its room's row does not allow, and each entry of a row that no import needs. */
export function roomEdges(repository: Repository, rooms: Rooms = ROOMS): Violation[] {
  const place = placeOf(Object.keys(rooms));
  const needed = new Set<string>();
  const judge = (file: string, from: Place, { target, ours, line }: Import): Violation[] => {
    const row = rooms[from.room];
    if (!row) return [];
    const to = ours ? place(target) : undefined;
    if (to && to.at === from.at) return [];
    const listed = ours
      ? row.rooms.find((entry) => entry === target || entry === to?.room)
      : row.packages.find((name) => isListed(target, name));
    if (listed) needed.add(`${from.room} ${listed}`);
    if (listed) return [];
    return [
      { file, line, what: `${target} is not in the row of ${from.room} in ${TABLE}`, remedy: row.remedy },
    ];
  };
  const found = repository.sources.filter(isProduct).flatMap(({ file, imports }) => {
    const from = place(file);
    if (from) return imports.flatMap((one) => judge(file, from, one));
    return [{ file, line: 1, what: "this file has no room", remedy: `add a row for it to ${TABLE}` }];
  });
  return [...found, ...unneeded(repository, rooms, needed)];
}

function unneeded(repository: Repository, rooms: Rooms, needed: ReadonlySet<string>): Violation[] {
  const table = repository.files.includes(TABLE) ? repository.text(TABLE) : "";
  return Object.entries(rooms).flatMap(([room, row]) =>
    [...row.rooms, ...row.packages]
      .filter((entry) => !needed.has(`${room} ${entry}`))
      .map((entry) => ({
        file: TABLE,
        line: lineOf(table, `"${room}"`),
        what: `the row ${room} allows ${entry}, which nothing there imports`,
        remedy: "remove it from the row",
      })),
  );
}

/** Each circle of rooms below `folder`. */
export function roomCircles(repository: Repository, folder: string, rooms: Rooms = ROOMS): Violation[] {
  const place = placeOf(Object.keys(rooms));
  const inside = (room: string): boolean => room.startsWith(`${folder}/`);
  const table = repository.files.includes(TABLE) ? repository.text(TABLE) : "";
  const found: Violation[] = [];
  const done = new Set<string>();
  const visit = (room: string, trail: readonly string[]): void => {
    const at = trail.indexOf(room);
    if (at >= 0)
      found.push({
        file: TABLE,
        line: lineOf(table, `"${room}"`),
        what: `rooms import each other: ${[...trail.slice(at), room].join(" -> ")}`,
        remedy: "move what both need into a room below them",
      });
    if (at >= 0 || done.has(room)) return;
    const nexts = (rooms[room]?.rooms ?? []).map((entry) => place(entry)?.room ?? entry).filter(inside);
    for (const next of nexts) visit(next, [...trail, room]);
    done.add(room);
  };
  for (const room of Object.keys(rooms).filter(inside)) visit(room, []);
  return found;
}
