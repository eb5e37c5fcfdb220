import { expect, it } from "vitest";
import { compare } from "./compare.ts";
import type { Journey, Span } from "./model.ts";
import { consumer, create, key, linkTo, span } from "./spans.fixture.ts";
import { journeysOf } from "./stitch.ts";
import { longestWaitOf } from "./waits.ts";

const root = span({ at: "a/root", kind: "SERVER", service: "shop", name: "POST /orders", end: 100 });
const query = (own: string, end: number): Span =>
  span({ at: `a/${own}`, parent: "root", kind: "CLIENT", service: "shop", name: "SELECT", start: 1, end });
const send = create({ at: "a/send", parent: "root", service: "shop", name: "send mail", end: 2 });
const mail = (start: number): Span =>
  consumer({
    at: "b/mail",
    service: "mailer",
    name: "process mail",
    start,
    end: start + 5,
    links: [linkTo("a/send", "")],
  });
const journey = (...spans: Span[]): Journey => {
  const [one, ...others] = journeysOf([root, ...spans]);
  if (!one || others.length > 0) throw new Error("not one journey");
  return one;
};

const before = journey(query("q1", 5), send, mail(12));

it("nothing is different about a journey beside itself, in whatever order it came", () => {
  const again = journey(mail(12), send, query("q1", 5));
  expect(compare(before, again)).toMatchObject({ extra: [], missing: [], slower: [], waits: [] });
});

it("what one has more of and what the other lacks is counted by service, name and kind", () => {
  const now = journey(query("q1", 3), query("q2", 3), query("q3", 3));
  const difference = compare(before, now);
  expect(difference.extra).toEqual([{ service: "shop", name: "SELECT", kind: "CLIENT", count: 2 }]);
  expect(difference.missing.map(({ name, count }) => [name, count])).toEqual([
    ["process mail", 1],
    ["send mail", 1],
  ]);
});

it("what took longer and what waited longer is said, most first, and what is noise is not", () => {
  const slow = compare(before, journey(query("q1", 55), send, mail(512)));
  expect(slow.slower).toEqual([
    { service: "shop", name: "SELECT", kind: "CLIENT", count: 1, beforeMs: 4, ms: 54 },
  ]);
  expect(slow.waits).toEqual([{ kind: "message", beforeMs: 10, ms: 510 }]);
  expect(slow.longestWaitMs).toEqual({ before: 10, now: 510 });
  expect(slow.durationMs).toEqual({ before: 100, now: 517 });
  const noise = compare(before, journey(query("q1", 5.3), send, mail(12.5)));
  expect([noise.slower, noise.waits]).toEqual([[], []]);
});

it("how each ended is said", () => {
  const failed = { ...query("q1", 5), status: "ERROR" as const, statusMessage: "gone" };
  expect(compare(before, journey(failed, send, mail(12))).outcome).toEqual({
    before: null,
    now: key("a/q1"),
  });
});

it("the longest wait is the first of those that lasted longest", () => {
  const again = { ...mail(900), ...{ spanId: "00000000000000ff" } };
  const { waits } = journey(send, mail(12), again);
  expect(longestWaitOf(waits)).toMatchObject({
    key: `${again.traceId}:${again.spanId}`,
    since: "the run before",
  });
  expect(longestWaitOf(waits.toReversed())).toBe(longestWaitOf(waits));
  expect(longestWaitOf([])).toBeNull();
});
