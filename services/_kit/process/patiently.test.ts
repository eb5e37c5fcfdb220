import { pino } from "pino";
import { expect, test } from "vitest";
import { patiently } from "./patiently.ts";

const late = new Error("not there yet");
const isLate = (thrown: unknown): boolean => thrown === late;

/** Work that is late for the first `times` tries, and a log. */
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

test("late work is retried until it succeeds, and the wait is logged once", async () => {
  const { work, lines, tries, options } = working(3);
  expect(await patiently(work, options)).toBe("done");
  expect(tries()).toBe(4);
  expect(lines).toEqual([expect.objectContaining({ msg: "waiting for the lamp", err: String(late) })]);
});

test("work that succeeds at once is not waited for", async () => {
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

test("work that stays late is given up with its last error", async () => {
  const { work, tries, options } = working(Number.POSITIVE_INFINITY);
  await expect(patiently(work, { ...options, withinMs: 0 })).rejects.toBe(late);
  expect(tries()).toBeGreaterThan(0);
});

test("the signal of a service that stops ends the wait", async () => {
  const { work, options } = working(Number.POSITIVE_INFINITY);
  const stop = new AbortController();
  const waiting = patiently(work, { ...options, signal: stop.signal });
  stop.abort();
  await expect(waiting).rejects.toThrow();
});
