import { describe, expect, it } from "vitest";
import { belongsTo, inOrder, parseLogLine, restOf } from "./log-lines.ts";

const line = (fields: object): string =>
  JSON.stringify({
    level: 30,
    time: 1_000,
    service: "orders",
    msg: "order.confirmed",
    "correlation.id": "c-1",
    trace_id: "t-1",
    "otel.event.name": "baton.order.confirmed",
    ...fields,
  });

const read = (fields: object) => {
  const parsed = parseLogLine(line(fields));
  if (!parsed) throw new Error("not read");
  return parsed;
};

describe("a log line", () => {
  it("is read as pino writes it", () => {
    expect(read({ "baton.order.id": "o-1" })).toEqual({
      timeMs: 1_000,
      level: "INFO",
      service: "orders",
      message: "order.confirmed",
      correlationId: "c-1",
      traceId: "t-1",
      rest: { "baton.order.id": "o-1" },
    });
  });

  it.each(["    at file:///x.js:1:2", "{ not json", '{"level":30}', "[7] 2026/11/21 [INF] Server is ready"])(
    "is not read from %j",
    (text) => {
      expect(parseLogLine(text)).toBeNull();
    },
  );

  it("belongs to its correlation id and to its trace id, and to no other", () => {
    expect([belongsTo(read({}), "c-1"), belongsTo(read({}), "t-1"), belongsTo(read({}), "c-")]).toEqual([
      true,
      true,
      false,
    ]);
  });

  it("has its other fields as text, an error as its message", () => {
    expect(
      restOf(read({ "baton.order.id": "o-1", err: { name: "Error", message: "gone away", stack: "..." } })),
    ).toBe('baton.order.id=o-1 err="gone away"');
  });
});

describe("log lines of many services", () => {
  it("are sorted by their times, and keep their order within a millisecond", () => {
    const lines = [
      read({ time: 3, msg: "d" }),
      read({ time: 1, msg: "a" }),
      read({ time: 2, msg: "b" }),
      read({ time: 2, msg: "c" }),
    ];
    expect(inOrder(lines).map(({ message }) => message)).toEqual(["a", "b", "c", "d"]);
  });
});
