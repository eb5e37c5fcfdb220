import { describe, expect, it } from "vitest";
import { patient } from "../tests/patience.ts";
import { until } from "./until.ts";

const never = new AbortController().signal;
const late = (last: unknown): Error =>
  new Error(`too late, last: ${last instanceof Error ? last.message : last}`);

describe("waiting for a condition", () => {
  it("resolves to the first value, after errors and looks without one", async () => {
    let looks = 0;
    const look = async (): Promise<string | undefined> => {
      looks++;
      if (looks === 1) throw new Error("not there yet");
      return looks < 3 ? undefined : "there";
    };
    expect(await until(look, { signal: never, everyMs: 1, withinMs: patient(10_000), onLate: late })).toBe(
      "there",
    );
    expect(looks).toBe(3);
  });

  it("ends when the time is up, with the last error", async () => {
    const look = async (): Promise<string> => {
      throw new Error("refused");
    };
    await expect(until(look, { signal: never, everyMs: 1, withinMs: 20, onLate: late })).rejects.toThrow(
      "too late, last: refused",
    );
  });

  it("ends when the time is up, also when a look never answers", async () => {
    const look = (): Promise<string> => new Promise(() => {});
    await expect(until(look, { signal: never, withinMs: 20, onLate: late })).rejects.toThrow("too late");
  });

  it("ends with the signal's reason", async () => {
    const stop = new AbortController();
    const waiting = until(async () => undefined, {
      signal: stop.signal,
      withinMs: patient(10_000),
      onLate: late,
    });
    stop.abort(new Error("Ctrl-C"));
    await expect(waiting).rejects.toThrow("Ctrl-C");
  });
});
