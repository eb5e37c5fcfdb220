import { describe, expect, test } from "vitest";
import { oneSpan, textAttribute } from "../otlp/requests.fixture.ts";
import { at, checkout, newApp, span, trace } from "./app.fixture.ts";

describe("journeys", () => {
  type Found = { journey: { id: string; traceIds: string[] }; others: string[] };
  /** Names the journey of a checkout. */
  const key = (n: number): string => `${trace(n)}:${span(n)}`;
  const find = async (app: ReturnType<typeof newApp>, id: string): Promise<Found> =>
    (await app.get(`/api/journeys/${id}`)).body as Found;

  test("are found by any of their traces, whole", async () => {
    const app = newApp();
    await checkout(app, 1, "c1");
    for (const id of [trace(1), trace(101)]) {
      const { journey } = await find(app, id);
      expect(journey).toMatchObject({ id: trace(1), traceIds: [trace(1), trace(101)] });
    }
  });

  test("hold the spans that hang by a link inside one trace", async () => {
    const app = newApp();
    await app.send(oneSpan({ traceId: trace(1), spanId: span(1) }));
    const links = [{ traceId: trace(1), spanId: span(1) }];
    await app.send(oneSpan({ traceId: trace(1), spanId: span(2), kind: 5, parentSpanId: span(9), links }));
    const { body } = await app.get(`/api/journeys/${trace(1)}`);
    const { spans } = body.journey as { spans: { edge: string; under: string | null }[] };
    expect(spans.map(({ edge, under }) => [edge, under])).toEqual([
      ["root", null],
      ["link", `${trace(1)}:${span(1)}`],
    ]);
  });

  test("with one correlation id: the newest, and the keys of the others", async () => {
    const app = newApp();
    for (const n of [1, 3, 2]) await checkout(app, n, "same");
    const { journey, others } = await find(app, "same");
    expect([journey.id, others]).toEqual([trace(3), [2, 1].map(key)]);
  });

  test("do not turn up under the correlation id of another that shares a batch with them", async () => {
    const app = newApp();
    // The batch comes first, so that its trace is the first to be asked which journey it is part of.
    for (const n of [1, 2]) {
      const links = [{ traceId: trace(n), spanId: span(n) }];
      const attributes = [textAttribute("correlation.id", `c${n}`)];
      await app.send(
        oneSpan({ traceId: trace(50), spanId: span(50 + n), kind: 5, links, attributes }, "mail"),
      );
    }
    for (const n of [1, 2]) await checkout(app, n, `c${n}`);
    const { journey, others } = await find(app, "c2");
    expect([journey.id, others]).toEqual([trace(2), []]);
  });

  test("are found by a value that only a log record of theirs carries", async () => {
    const app = newApp();
    await app.send(oneSpan({ traceId: trace(1) }));
    const record = { traceId: trace(1), attributes: [textAttribute("correlation.id", "logged")] };
    await app.sendLogs({ resourceLogs: [{ scopeLogs: [{ logRecords: [record] }] }] });
    expect((await find(app, "logged")).journey.id).toBe(trace(1));
  });

  test("with one order id: the one that made it", async () => {
    const app = newApp();
    for (const n of [1, 2]) await checkout(app, n, `c${n}`, "the order");
    const { journey, others } = await find(app, "the%20order");
    expect([journey.id, others]).toEqual([trace(1), [key(2)]]);
  });

  test("are listed newest first by their beginning, however late their consumers come", async () => {
    const app = newApp();
    await checkout(app, 1, "c1");
    await checkout(app, 2, "c2");
    const links = [{ traceId: trace(1), spanId: span(1) }];
    await app.send(
      oneSpan({ traceId: trace(500), kind: 5, links, startTimeUnixNano: at(60), endTimeUnixNano: at(61) }),
    );
    const list = async (query: string) => {
      const { body } = await app.get(`/api/journeys${query}`);
      return (body.journeys as { id: string; spans: number }[]).map(({ id, spans }) => [id, spans]);
    };
    expect(await list("")).toEqual([
      [trace(2), 2],
      [trace(1), 3],
    ]);
    expect(await list("?limit=1")).toEqual([[trace(2), 2]]);
    expect(await list("?service=nobody")).toEqual([]);
  });

  test("have a summary", async () => {
    const app = newApp();
    await checkout(app, 1, "c1");
    const { body } = await app.get("/api/journeys?service=shipping");
    expect(body.journeys).toMatchObject([
      {
        id: trace(1),
        correlationId: "c1",
        orderIds: ["o1"],
        service: "gateway",
        name: "POST /checkouts",
        startUnixNano: at(1),
        durationMs: 1000,
        spans: 2,
        services: ["gateway", "shipping"],
        cause: null,
      },
    ]);
  });
});
