import { expect, test } from "vitest";
import { journeysOf } from "../journey/shop.fixture.ts";
import { message, span } from "../journey/spans.fixture.ts";
import { integrityOf, integrityReader } from "./integrity.ts";

const whole = span({ at: "a/root", service: "gateway", kind: "SERVER", start: 0 });
const waiting = [
  span({ at: "b/root", service: "gateway", kind: "SERVER", start: 0 }),
  span({ at: "b/create", parent: "root", kind: "PRODUCER", start: 1, attributes: message("m") }),
];
const torn = [
  span({ at: "c/root", service: "gateway", kind: "SERVER", start: 0 }),
  span({ at: "c/lost", parent: "nobody", start: 1 }),
];
const journeys = journeysOf([whole, ...waiting, ...torn]);
const endNs = journeys.reduce((most, journey) => (journey.endNs > most ? journey.endNs : most), 0n);
const after = (seconds: number): bigint => endNs + BigInt(seconds) * 1_000_000_000n;

test("a journey that is not settled is under way, until nothing has come for half a minute", () => {
  expect(integrityOf(journeys, after(1))).toEqual({ underWay: 2, settled: 1, unsettled: 0, orphans: 0 });
  expect(integrityOf(journeys, after(31))).toEqual({ underWay: 0, settled: 1, unsettled: 2, orphans: 1 });
});

test("of no journeys there is nothing to say", () => {
  expect(integrityOf([], after(0))).toEqual({ underWay: 0, settled: 0, unsettled: 0, orphans: 0 });
});

test("the figures are made anew at most every four seconds", async () => {
  let nowMs = Number(after(31) / 1_000_000n);
  let looks = 0;
  const read = integrityReader(
    async () => {
      looks += 1;
      return journeys;
    },
    () => nowMs,
  );
  expect(await read()).toMatchObject({ unsettled: 2, orphans: 1 });
  nowMs += 3_999;
  await read();
  expect(looks).toBe(1);
  nowMs += 1;
  await read();
  expect(looks).toBe(2);
});
