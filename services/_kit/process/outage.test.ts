import { trace } from "@opentelemetry/api";
import { afterAll, expect, test } from "vitest";
import { inRequest, startTestTelemetry } from "../../../tests/telemetry.ts";
import { AppError } from "./errors.ts";
import { Outage } from "./outage.ts";

const telemetry = startTestTelemetry();
afterAll(() => telemetry.stop());

/** An outage that is over after `asks` calls of `ask`. */
function lasting(asks: number, signal?: AbortSignal) {
  const asked: (string | undefined)[] = [];
  const outage = new Outage({
    what: "the thing",
    isOutage: (thrown) => thrown === "away",
    ask: async () => {
      asked.push(trace.getActiveSpan()?.spanContext().traceId);
      if (asked.length < asks) throw "away";
    },
    signal,
  });
  const meet = (): Promise<void> => (outage.tell("away") as AppError).over?.() ?? Promise.reject("no outage");
  return { asked, outage, meet };
}

test("an outage is `unavailable` and says what is away; any other error stays as it is", () => {
  const { outage } = lasting(1);
  expect(outage.tell("away")).toMatchObject({ code: "unavailable", message: "the thing does not answer" });
  const refused = new Error("refused");
  expect(outage.tell(refused)).toBe(refused);
  const ours = new AppError("invalid", "no");
  expect(outage.tell(ours)).toBe(ours);
});

test("all that wait share the same asking, which belongs to no trace", async () => {
  const { asked, meet } = lasting(2);
  await inRequest({}, async () => {
    await Promise.all([meet(), meet(), meet()]);
  });
  expect(asked).toEqual([undefined, undefined]);
});

test("the next outage begins a new asking", async () => {
  const { asked, meet } = lasting(1);
  await meet();
  await meet();
  expect(asked).toHaveLength(2);
});

test("every wait rejects when the signal ends all waiting", async () => {
  const abort = new AbortController();
  const { asked, meet } = lasting(Number.POSITIVE_INFINITY, abort.signal);
  const waiting = [meet(), meet()];
  abort.abort();
  for (const one of waiting) await expect(one).rejects.toMatchObject({ name: "AbortError" });
  await expect(meet()).rejects.toMatchObject({ name: "AbortError" });
  expect(asked).toEqual([]);
});
