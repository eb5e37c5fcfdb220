import { expect, test } from "vitest";
import { textAttribute } from "../otlp/requests.fixture.ts";
import { at, newApp, trace } from "./app.fixture.ts";
import { findLogs } from "./logs.ts";

/** An app with `count` records of one correlation id, half of them in one trace. */
async function withRecords(count: number) {
  const app = newApp();
  const logRecords = Array.from({ length: count }, (_, n) => ({
    timeUnixNano: at(n),
    body: { stringValue: `${n}` },
    attributes: [textAttribute("correlation.id", "c")],
    ...(n % 2 === 0 && { traceId: trace(1) }),
  }));
  await app.sendLogs({ resourceLogs: [{ scopeLogs: [{ logRecords }] }] });
  app.stored.commit();
  return app;
}

test("of many records the last ones by time are read, each once, and the others are counted", async () => {
  const { store } = await withRecords(50);
  const found = await findLogs(store, { traceIds: [trace(1)], correlationId: "c", limit: 6 });
  expect(found.logs.map(({ body }) => body)).toEqual(["44", "45", "46", "47", "48", "49"]);
  expect(found).toMatchObject({ leftOut: 44, partial: false });
});

test("a search whose time is over says so", async () => {
  const { store } = await withRecords(50);
  const query = { traceIds: [trace(1)], correlationId: "c", limit: 6 };
  expect((await findLogs(store, query, undefined, 0)).partial).toBe(true);
});
