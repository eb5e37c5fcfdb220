import { describe, expect, test } from "vitest";
import { repositoryOf } from "../repository/repository.ts";
import { said } from "../repository/violation.ts";
import type { Row } from "./room-table.ts";
import { roomCircles, roomEdges } from "./rooms.ts";

const row = (rooms: string[], packages: string[] = []): Row => ({ rooms, packages, remedy: "pass it in" });
const TABLE = "tests/tidy/imports/room-table.ts";

describe("imports", () => {
  const rooms = {
    "services/_kit/process": row([], ["zod"]),
    "services/_kit/events": row(["services/_kit/process"]),
    "services/_kit/events/nats": row(["services/_kit/events"], ["@nats-io/*"]),
    "services/*": row(["services/_kit/events", "services/_kit/process/errors.ts"]),
  };
  const tidy = {
    "services/_kit/process/errors.ts": 'import "zod";',
    "services/_kit/process/log.ts": 'import "./errors.ts";',
    "services/_kit/events/relay.ts": 'import "../process/errors.ts";',
    "services/_kit/events/nats/broker.ts": 'import "../relay.ts";\nimport "@nats-io/jetstream";',
    "services/orders/place.ts": 'import "../_kit/events/relay.ts";\nimport "../_kit/process/errors.ts";',
    "services/orders/place.test.ts": 'import "../payments/charge.ts";\nimport "vitest";',
    "services/payments/charge.ts": "",
  };
  const found = (texts: Record<string, string>, table: Record<string, Row> = rooms) =>
    roomEdges(repositoryOf({ ...tidy, ...texts }), table).map(said);

  test("an import that its row allows passes; tests may import everything", () => {
    expect(found({})).toEqual([]);
  });

  test.each([
    [
      "a room that the row does not allow",
      "services/_kit/process/up.ts",
      "../events/relay.ts",
      "services/_kit/events/relay.ts",
      "services/_kit/process",
    ],
    [
      "a file that the row does not allow, beside one that it does",
      "services/orders/a.ts",
      "../_kit/process/log.ts",
      "services/_kit/process/log.ts",
      "services/*",
    ],
    ["a package that the row does not allow", "services/orders/a.ts", "pg", "pg", "services/*"],
    [
      "another service",
      "services/orders/a.ts",
      "../payments/charge.ts",
      "services/payments/charge.ts",
      "services/*",
    ],
    [
      "the room above",
      "services/_kit/events/a.ts",
      "./nats/broker.ts",
      "services/_kit/events/nats/broker.ts",
      "services/_kit/events",
    ],
    ["a test", "services/orders/a.ts", "./place.test.ts", "services/orders/place.test.ts", "services/*"],
  ])("%s is a violation", (_what, file, specifier, target, room) => {
    expect(found({ [file]: `// Imports.\nimport type { A } from "${specifier}";` })).toEqual([
      `${file}:2: ${target} is not in the row of ${room} in ${TABLE}: pass it in`,
    ]);
  });

  test("a file in no room, such as a new room of the kit, needs a row", () => {
    expect(found({ "services/_kit/cache/a.ts": "" })).toEqual([
      `services/_kit/cache/a.ts:1: this file has no room: add a row for it to ${TABLE}`,
    ]);
  });

  test("an entry that no import needs is reported at its row", () => {
    const table = { ...rooms, "services/_kit/process": row(["services/_kit/events"], ["zod", "pino"]) };
    const text = 'export const ROOMS = {\n  "services/_kit/process": kit(),\n};';
    expect(found({ [TABLE]: text }, table)).toEqual([
      `${TABLE}:2: the row services/_kit/process allows services/_kit/events, which nothing there imports: remove it from the row`,
      `${TABLE}:2: the row services/_kit/process allows pino, which nothing there imports: remove it from the row`,
    ]);
  });
});

test("rooms that import each other are a circle, even when a row names only a single file", () => {
  const rooms = {
    "kit/a": row(["kit/b", "other"]),
    "kit/b": row(["kit/a/types.ts"]),
    "kit/c": row(["kit/a"]),
    other: row(["another"]),
    another: row(["other"]),
  };
  expect(roomCircles(repositoryOf({}), "kit", rooms).map(said)).toEqual([
    `${TABLE}:1: rooms import each other: kit/a -> kit/b -> kit/a: move what both need into a room below them`,
  ]);
});
