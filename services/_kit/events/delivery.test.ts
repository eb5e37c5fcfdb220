import { describe, expect, test } from "vitest";
import { quiet } from "../../../tests/fixtures.ts";
import { AppError } from "../process/errors.ts";
import { messagesAt } from "../telemetry/destination.ts";
import { type Delivery, deliver } from "./delivery.ts";

const delivery: Delivery = {
  ...messagesAt({ system: "nats", server: { address: "broker.test", port: 1 } }, "events.Made", {
    group: "test",
    subscription: "test-Made",
  }),
  messageId: "e-1",
  attempt: 1,
  maxAttempts: 5,
  handover: { carrier: {}, createdAtMs: undefined },
  waits: [],
};

/** The outcome of a delivery whose handler throws this at that attempt. */
async function outcomeOf(thrown: unknown, attempt: number) {
  const outcome = await deliver({ ...delivery, attempt }, "process", "parent+link", quiet, async () => {
    throw thrown;
  });
  return [outcome.kind, outcome.kind === "ack" ? undefined : outcome.error.code];
}

test("a handler that resolves is acknowledged, also in its last attempt", async () => {
  const last = await deliver({ ...delivery, attempt: 5 }, "process", "parent+link", quiet, async () => {});
  expect(last.kind).toBe("ack");
});

describe("a handler that throws", () => {
  test("is retried until its attempts are used up", async () => {
    const away = new AppError("unavailable", "away");
    expect(await outcomeOf(away, 1)).toEqual(["retry", "unavailable"]);
    expect(await outcomeOf(away, 4)).toEqual(["retry", "unavailable"]);
    expect(await outcomeOf(away, 5)).toEqual(["dead-letter", "unavailable"]);
    // The server redelivers some more times when a process died before it could settle the message.
    expect(await outcomeOf(away, 7)).toEqual(["dead-letter", "unavailable"]);
  });

  test.each(["malformed", "invalid"] as const)(
    "makes a dead letter at once when the message itself is %s",
    async (code) => {
      expect(await outcomeOf(new AppError(code, "no"), 1)).toEqual(["dead-letter", code]);
    },
  );

  test("may throw anything: it becomes an AppError, and the delivery never throws", async () => {
    for (const thrown of [new Error("what"), "text", undefined, null]) {
      expect(await outcomeOf(thrown, 1)).toEqual(["retry", "internal"]);
    }
  });

  test("is caught also when it throws before its first await", async () => {
    const outcome = await deliver(delivery, "process", "parent+link", quiet, () => {
      throw new AppError("conflict", "at once");
    });
    expect(outcome.kind).toBe("retry");
  });

  describe("during an outage", () => {
    const away = (over: () => Promise<void>) => new AppError("unavailable", "away", { over });

    test("gets an additional attempt when the outage is over", async () => {
      const waited: string[] = [];
      const outcome = await deliver(
        { ...delivery, attempt: 5 },
        "process",
        "parent+link",
        quiet,
        async () => {
          if (waited.length < 3) throw away(async () => void waited.push("over"));
        },
      );
      expect(outcome.kind).toBe("ack");
      expect(waited).toHaveLength(3);
    });

    test("and then for another reason has used up only the attempts outside of the outage", async () => {
      for (const [attempt, kind] of [
        [4, "retry"],
        [5, "dead-letter"],
      ] as const) {
        const thrown = [away(async () => {}), away(async () => {}), new AppError("conflict", "no")];
        const outcome = await deliver({ ...delivery, attempt }, "process", "parent+link", quiet, async () => {
          throw thrown.shift();
        });
        expect([kind, thrown.length]).toEqual([outcome.kind, 0]);
      }
    });

    test("is retried, also in its last attempt, when waiting for the end of the outage ends", async () => {
      const stopped = away(() => Promise.reject(new Error("stopped")));
      expect(await outcomeOf(stopped, 5)).toEqual(["retry", "unavailable"]);
    });
  });
});
