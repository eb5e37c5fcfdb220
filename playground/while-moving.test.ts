import { describe, expect, it } from "vitest";
import { whileMoving } from "./while-moving.ts";

const never = new AbortController().signal;
const message = (last: unknown): string => (last instanceof Error ? last.message : String(last));
/** A wait ends after ten questions without movement, one a millisecond. */
const options = {
  signal: never,
  bounds: { stillMs: 10, mostMs: 600_000, askEveryMs: 1 },
  onLate: (how: string, last: unknown) => new Error(`too late, ${how}; last: ${message(last)}`),
};

describe("waiting as long as something moves", () => {
  it("goes on for many times the bound, and resolves to what was seen", async () => {
    let asked = 0;
    const hasMoved = async (): Promise<boolean> => ++asked % 9 === 0;
    const look = async (): Promise<number | undefined> => (asked > 100 ? asked : undefined);
    expect(await whileMoving(look, { ...options, hasMoved })).toBeGreaterThan(100);
  });

  it("ends when nothing has moved for long, with the last error", async () => {
    const look = async (): Promise<never> => {
      throw new Error("refused");
    };
    await expect(whileMoving(look, { ...options, hasMoved: async () => false })).rejects.toThrow(
      "too late, and nothing has moved for 0.01 s; last: refused",
    );
  });

  it("counts a new error as movement, but not a repeated one", async () => {
    let looks = 0;
    let asked = 0;
    const look = async (): Promise<never> => {
      looks++;
      // Twenty that differ, one every fifth question, and then the same two in turn.
      throw new Error(`reached ${asked < 100 ? Math.floor(asked / 5) : looks % 2}`);
    };
    const hasMoved = async (): Promise<boolean> => {
      asked++;
      return false;
    };
    const often = { ...options, bounds: { ...options.bounds, stillMs: 400 } };
    await expect(whileMoving(look, { ...often, hasMoved })).rejects.toThrow("nothing has moved");
    expect(asked).toBeGreaterThan(400);
  });

  it("ends after the longest time, even if something still moves", async () => {
    const bounds = { ...options.bounds, stillMs: 600_000, mostMs: 20 };
    const wait = whileMoving(async () => undefined, { ...options, bounds, hasMoved: async () => true });
    await expect(wait).rejects.toThrow("too late, after 0.02 s");
  });

  it("ends with the signal's reason", async () => {
    const stop = new AbortController();
    const wait = whileMoving(async () => undefined, {
      ...options,
      signal: stop.signal,
      hasMoved: async () => true,
    });
    stop.abort(new Error("Ctrl-C"));
    await expect(wait).rejects.toThrow("Ctrl-C");
  });

  it("rejects with an error of the question itself", async () => {
    const hasMoved = async (): Promise<boolean> => {
      throw new Error("cannot ask");
    };
    await expect(whileMoving(async () => undefined, { ...options, hasMoved })).rejects.toThrow("cannot ask");
  });
});
