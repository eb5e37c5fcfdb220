import { pino } from "pino";
import { expect, test } from "vitest";
import { Releaser } from "./shutdown.ts";

/** A releaser with a log that remembers whom it complained of. */
function releasing() {
  const complaints: unknown[] = [];
  const log = pino(
    { level: "warn" },
    { write: (line: string) => complaints.push((JSON.parse(line) as { what: unknown }).what) },
  );
  return { releaser: new Releaser(), log, complaints };
}

test("what was acquired last is released first, one after the other", async () => {
  const { releaser, log } = releasing();
  const order: string[] = [];
  for (const name of ["database", "queue", "server"]) {
    releaser.add(name, name, async (resource) => {
      order.push(`${resource} begins`);
      await Promise.resolve();
      order.push(`${resource} ends`);
    });
  }
  await releaser.release(log, 1_000);
  expect(order).toEqual(
    ["server", "queue", "database"].flatMap((name) => [`${name} begins`, `${name} ends`]),
  );
});

test("registering answers the resource itself", () => {
  const resource = { close: () => {} };
  expect(releasing().releaser.add("it", resource, (r) => r.close())).toBe(resource);
});

test("one that hangs is complained of and passed over, and those before it are released", async () => {
  const { releaser, log, complaints } = releasing();
  let released = false;
  releaser.add("database", 0, () => {
    released = true;
  });
  releaser.add("hanging", 0, () => new Promise<void>(() => {}));
  await releaser.release(log, 20);
  expect(released).toBe(true);
  expect(complaints).toEqual(["hanging"]);
});

test("one that fails, now or later, is complained of and passed over", async () => {
  const { releaser, log, complaints } = releasing();
  const order: string[] = [];
  releaser.add("first", 0, () => {
    order.push("first");
  });
  releaser.add("throws", 0, () => {
    throw new Error("at once");
  });
  releaser.add("rejects", 0, async () => {
    throw new Error("later");
  });
  await releaser.release(log, 1_000);
  expect(order).toEqual(["first"]);
  expect(complaints).toEqual(["rejects", "throws"]);
});

test("releasing again releases nothing again", async () => {
  const { releaser, log } = releasing();
  let times = 0;
  releaser.add("once", 0, () => {
    times += 1;
  });
  await releaser.release(log, 1_000);
  await releaser.release(log, 1_000);
  expect(times).toBe(1);
});
