import { pino } from "pino";
import { expect, test } from "vitest";
import { patiently } from "./patiently.ts";

const late = new Error("not there yet");
const isLate = (thrown: unknown): boolean => thrown === late;

/** Work that is late so many times, and a log. */
function working(times: number) {
  const lines: { msg: string; err: string }[] = [];
  const log = pino({ level: "info" }, { write: (line: string) => void lines.push(JSON.parse(line)) });
  let tries = 0;
  const work = async (): Promise<string> => {
    tries++;
    if (tries <= times) throw late;
    return "done";
  };
  return { work, lines, tries: () => tries, options: { what: "the lamp", isLate, log } };
}

test("what is late is tried until it is there, and what is waited for is said once", async () => {
  const { work, lines, tries, options } = working(3);
  expect(await patiently(work, options)).toBe("done");
  expect(tries()).toBe(4);
  expect(lines).toEqual([expect.objectContaining({ msg: "waiting for the lamp", err: String(late) })]);
});

test("what is there at once is not waited for", async () => {
  const { work, lines, options } = working(0);
  expect(await patiently(work, options)).toBe("done");
  expect(lines).toEqual([]);
});

test("a refusal ends it at once", async () => {
  const refusal = new Error("wrong password");
  const { lines, options } = working(0);
  await expect(patiently(() => Promise.reject(refusal), options)).rejects.toBe(refusal);
  expect(lines).toEqual([]);
});

test("what stays late is given up, with its last error", async () => {
  const { work, tries, options } = working(Number.POSITIVE_INFINITY);
  await expect(patiently(work, { ...options, withinMs: 0 })).rejects.toBe(late);
  expect(tries()).toBeGreaterThan(0);
});

test("a service that is to stop waits no longer", async () => {
  const { work, options } = working(Number.POSITIVE_INFINITY);
  const stop = new AbortController();
  const waiting = patiently(work, { ...options, signal: stop.signal });
  stop.abort();
  await expect(waiting).rejects.toThrow();
});
