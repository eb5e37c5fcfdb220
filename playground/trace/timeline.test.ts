import { describe, expect, it } from "vitest";
import type { Journey, Span } from "../../collector/lens/journey/model.ts";
import { atMs, consumer, edge, span } from "../../collector/lens/journey/spans.fixture.ts";
import { axisOf, barOf, type Shade } from "./bar.ts";
import { duration, roundDuration } from "./format.ts";
import { journeyIn } from "./samples.fixture.ts";
import { timeLineOf } from "./timeline.ts";

const work = (...times: readonly (readonly [number, number])[]): Journey =>
  journeyIn(
    times.map(([start, end], i): Span => {
      const at = `a/s${i}`;
      return i === 0 ? edge({ at, start, end }) : span({ at, parent: "s0", start, end });
    }),
  );
const text = (journey: Journey, columns: number, from: number, to: number, shade: Shade = "work"): string =>
  barOf([{ startNs: atMs(from), endNs: atMs(to), shade }], timeLineOf(journey, columns), "")
    .map((c) => c.text)
    .join("");

describe("the time line", () => {
  it("is linear from the first start to the last end, and moves times outside to its edges", () => {
    const line = timeLineOf(work([0, 100]), 50);
    expect([0, 25, 50, 100].map((ms) => line.at(atMs(ms)))).toEqual([0, 12.5, 25, 50]);
    expect([line.at(atMs(-5)), line.at(atMs(500))]).toEqual([0, 50]);
    expect(line.cuts).toEqual([]);
  });

  it("cuts a stretch without work to one column when it is far longer than all work, and says how long", () => {
    const line = timeLineOf(work([0, 10], [60_010, 60_020]), 41);
    expect(line.cuts).toEqual([{ column: 20, cutNs: 60_000_000_000n }]);
    expect([5, 10, 60_010, 60_020].map((ms) => Math.round(line.at(atMs(ms)) * 1e6) / 1e6)).toEqual([
      10, 20, 21, 41,
    ]);
  });

  it("keeps a stretch without work that is not far longer", () => {
    expect(timeLineOf(work([0, 10], [60, 70]), 40).cuts).toEqual([]);
    expect(timeLineOf(work([0, 10], [71, 81]), 40).cuts).toHaveLength(1);
  });

  it("never goes back in time", () => {
    const line = timeLineOf(work([0, 1], [100, 101], [300, 301], [900, 901], [5000, 5001]), 60);
    const columns = Array.from({ length: 5002 }, (_, ms) => line.at(atMs(ms)));
    expect(columns).toEqual(columns.toSorted((a, b) => a - b));
  });

  it("accepts a journey without any length", () => {
    const line = timeLineOf(journeyIn([{ ...edge({ at: "a/r" }), endNs: atMs(0) }]), 10);
    expect(line.at(atMs(0))).toBe(0);
  });

  it("marks round times, with room for each label", () => {
    const [axis] = axisOf(timeLineOf(work([0, 100]), 60));
    expect(axis?.text).toBe("╷0          ╷20 ms      ╷40 ms      ╷60 ms      ╷80 ms");
  });

  it("shows where time was cut out", () => {
    const [axis] = axisOf(timeLineOf(work([0, 10], [60_010, 60_020]), 41));
    expect(axis?.text[20]).toBe("╱");
  });
});

describe("a bar", () => {
  const journey = work([0, 80]);

  it("covers its time, to an eighth of a column at the end", () => {
    expect(text(journey, 8, 0, 80)).toBe("████████");
    expect(text(journey, 8, 20, 45)).toBe("  ██▌   ");
    expect(text(journey, 8, 25, 40)).toBe("  ▐█    ");
  });

  it("shows something of the shortest span, also at the very end", () => {
    expect(text(journey, 8, 20, 20)).toBe("  ▏     ");
    expect(text(journey, 8, 80, 80)).toBe("       ▕");
  });

  it("is shaded differently for each wait", () => {
    expect(text(journey, 8, 20, 41, "outbox")).toBe("  ░░░   ");
    expect(text(journey, 8, 20, 40, "stream")).toBe("  ▒▒    ");
    expect(text(journey, 8, 20, 21, "job")).toBe("  ▓     ");
  });

  it("of a wait is broken where time is cut out", () => {
    const waiting = journeyIn([
      edge({ at: "a/r", end: 10 }),
      consumer({ at: "a/c", parent: "r", start: 600, end: 610 }),
    ]);
    expect(text(waiting, 21, 10, 600, "job")).toBe("          ╱          ");
    expect(text(waiting, 21, 5, 600, "job")).toBe("     ▓▓▓▓▓╱          ");
  });
});

describe("a duration", () => {
  it.each([
    [-5n, "0 ns"],
    [850n, "850 ns"],
    [1_234n, "1.23 µs"],
    [999_600n, "1.00 ms"],
    [22_449_000n, "22.4 ms"],
    [184_000_000n, "184 ms"],
    [1_500_000_000n, "1.50 s"],
    [123_000_000_000n, "2m 03s"],
    [3_600_000_000_000n, "1h 00m"],
    [180_000_000_000_000n, "2d 02h"],
  ])("of %s ns reads %s", (ns, words) => {
    expect(duration(ns)).toBe(words);
  });

  it("that is round has no zeros after its point", () => {
    expect([50_000_000n, 1_500_000_000n, 100_000_000n, 2_000_000n].map(roundDuration)).toEqual([
      "50 ms",
      "1.5 s",
      "100 ms",
      "2 ms",
    ]);
  });
});
