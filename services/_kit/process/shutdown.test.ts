import { pino } from "pino";
import { expect, test } from "vitest";
import { Releaser } from "./shutdown.ts";

/** A releaser, and a log that keeps what it is told. */
function releasing() {
  const complaints: unknown[] = [];
  const log = pino(
    { level: "warn" },
    { write: (line: string) => complaints.push((JSON.parse(line) as { msg: unknown }).msg) },
  );
  return { releaser: new Releaser(), log, complaints };
}

test("resources are released one after the other, the last acquired first", async () => {
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

test("a release that hangs is logged, and the remaining ones are still done", async () => {
  const { releaser, log, complaints } = releasing();
  let released = false;
  releaser.add("database", 0, () => {
    released = true;
  });
  releaser.add("hanging", 0, () => new Promise<void>(() => {}));
  await releaser.release(log, 20);
  expect(released).toBe(true);
  expect(complaints).toEqual(["could not be released: hanging"]);
});

test("a release that throws or rejects is logged, and the remaining ones are still done", async () => {
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
  expect(complaints).toEqual(["could not be released: rejects", "could not be released: throws"]);
});

test("a second release does nothing", async () => {
  const { releaser, log } = releasing();
  let times = 0;
  releaser.add("once", 0, () => {
    times += 1;
  });
  await releaser.release(log, 1_000);
  await releaser.release(log, 1_000);
  expect(times).toBe(1);
});
