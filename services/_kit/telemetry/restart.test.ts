import { afterAll, expect, test } from "vitest";
import { edges, inRequest, startTestTelemetry } from "../../../tests/telemetry.ts";
import { AppError } from "../process/errors.ts";
import { correlationId } from "./correlation.ts";
import { faultAt } from "./faults.ts";
import { inject } from "./propagation.ts";
import { restarted } from "./restart.ts";

const telemetry = startTestTelemetry();
afterAll(() => telemetry.stop());

/** A request that has stored its context and ended. Returns its span and the stored carrier. */
const begun = (id: string) =>
  inRequest({ "correlation.id": id, fault: "shop.till:kill" }, async (span) => ({ span, carrier: inject() }));

test("a restart is a new root that links to the context where the work began, and has its baggage", async () => {
  const { span, carrier } = await begun("restart-1");
  const within = await restarted("resume", { carrier, attempt: 2 }, async () => correlationId());
  expect(within).toBe("restart-1");
  const resumed = await telemetry.one("resume", { "correlation.id": "restart-1" });
  expect(edges(resumed)).toEqual({ parent: undefined, links: [[span.spanId, "creation"]] });
  expect(resumed.spanContext().traceId).not.toBe(span.traceId);
  expect(resumed.attributes["baton.delivery.attempt"]).toBe(2);
});

test("the context that is active at a restart is not its origin", async () => {
  const { span, carrier } = await begun("restart-2");
  await inRequest({ "correlation.id": "another" }, () =>
    restarted("resume", { carrier, attempt: 2 }, async () => {}),
  );
  const resumed = await telemetry.one("resume", { "correlation.id": "restart-2" });
  expect(edges(resumed)).toEqual({ parent: undefined, links: [[span.spanId, "creation"]] });
});

test("a fault of the first attempt does not bite again", async () => {
  const { carrier } = await begun("restart-3");
  const bites = (attempt: number) =>
    restarted("resume", { carrier, attempt }, async () => faultAt("shop.till") !== undefined);
  expect(await bites(1)).toBe(true);
  expect(await bites(2)).toBe(false);
});

test("a failure fails the span and is rethrown", async () => {
  const { carrier } = await begun("restart-4");
  const failing = restarted("resume", { carrier, attempt: 2 }, async () => {
    throw new AppError("unavailable", "away");
  });
  await expect(failing).rejects.toMatchObject({ code: "unavailable" });
  const resumed = await telemetry.one("resume", { "correlation.id": "restart-4" });
  expect(resumed.attributes["error.type"]).toBe("unavailable");
});
