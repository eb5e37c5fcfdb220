import * as fc from "fast-check";
import { expect, test } from "vitest";
import { Table } from "./table.ts";

test("rows are found under their hash, however many meet there, until they are taken out", () => {
  // Few hashes in one shard, so that rows stand in each other's places and move up.
  const hash = fc.integer({ min: 0, max: 40 }).map((n) => n * 256);
  const step = fc.tuple(fc.constantFrom("add", "remove", "replace"), hash, fc.integer({ min: 0, max: 60 }));
  fc.assert(
    fc.property(fc.array(step, { minLength: 100, maxLength: 300, size: "max" }), (steps) => {
      const table = new Table();
      const rows = new Map<number, number>();
      let fresh = 1000;
      for (const [what, at, row] of steps) {
        const known = rows.get(row);
        if (what === "add" && known === undefined) {
          table.add(at, row);
          rows.set(row, at);
        } else if (what === "remove" && known !== undefined) {
          table.remove(known, row);
          rows.delete(row);
        } else if (what === "replace" && known !== undefined) {
          table.replace(known, row, fresh);
          rows.delete(row);
          rows.set(fresh++, known);
        }
      }
      expect(table.size).toBe(rows.size);
      for (const [row, at] of rows) expect(table.find(at, (found) => found === row)).toBe(row);
      expect(table.find(0, () => false)).toBe(-1);
    }),
  );
});
