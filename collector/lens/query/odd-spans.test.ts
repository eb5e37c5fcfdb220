import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { eachWithLens } from "../lens.fixture.ts";
import { oneSpan } from "../otlp/requests.fixture.ts";
import { newApp, span, trace } from "./app.fixture.ts";

const lens = eachWithLens();

/** As an exporter sends it, through the real door; then the journey as the API tells it. */
async function send(request: object): Promise<void> {
  const headers = { "content-type": "application/json" };
  const response = await lens().post("/v1/traces", JSON.stringify(request), headers);
  expect(response.status).toBe(200);
}

interface Shown {
  readonly journey: { readonly settled: boolean; readonly spans: { key: string; under: string | null }[] };
  readonly wrongTimes: { key: string; why: string }[];
}

const journey = async (n: number): Promise<Shown> =>
  (await lens().get(`/api/journeys/${trace(n)}`)).body as unknown as Shown;
const key = (traceNumber: number, spanNumber: number) => `${trace(traceNumber)}:${span(spanNumber)}`;
const at = (seconds: number): string => `${1_700_000_000 + seconds}000000000`;

describe("odd spans", () => {
  test("a span that is sent again is stored once, and the first one stays", async () => {
    await send(oneSpan({ traceId: trace(1), name: "first" }));
    await send(oneSpan({ traceId: trace(1), name: "second" }));
    const { journey: shown } = await journey(1);
    expect(shown.spans).toMatchObject([{ span: { name: "first" } }]);
    expect(await lens().counter("lens_duplicates_total", 'signal="traces"')).toBe(1);
  });

  test("a late span joins its journey, one that was shown as complete too", async () => {
    await send(oneSpan({ traceId: trace(1), spanId: span(1) }));
    expect((await journey(1)).journey.settled).toBe(true);
    await send(oneSpan({ traceId: trace(1), spanId: span(2), parentSpanId: span(1) }));
    const { journey: shown } = await journey(1);
    expect(shown.spans.map(({ key: own, under }) => [own, under])).toEqual([
      [key(1, 1), null],
      [key(1, 2), key(1, 1)],
    ]);
  });

  test("a span without its parent is shown, and joins it when that comes", async () => {
    await send(oneSpan({ traceId: trace(1), spanId: span(2), parentSpanId: span(1) }, "orders"));
    expect((await journey(1)).journey).toMatchObject({ settled: false, spans: [{ key: key(1, 2) }] });
    await send(oneSpan({ traceId: trace(1), spanId: span(1) }));
    expect((await journey(1)).journey).toMatchObject({ settled: true });
  });

  test("parents in a circle, a span that is its own parent, and links in a circle come to an end", async () => {
    await send(oneSpan({ traceId: trace(1), spanId: span(1), parentSpanId: span(2) }));
    await send(oneSpan({ traceId: trace(1), spanId: span(2), parentSpanId: span(1) }));
    expect((await journey(1)).journey.spans).toHaveLength(2);
    await send(oneSpan({ traceId: trace(2), spanId: span(3), parentSpanId: span(3) }));
    expect((await journey(2)).journey.spans).toHaveLength(1);
    const linkTo = (n: number) => [{ traceId: trace(n), spanId: span(n) }];
    for (const [own, to] of [
      [11, 12],
      [12, 13],
      [13, 11],
    ] as const)
      await send(oneSpan({ traceId: trace(own), spanId: span(own), kind: 5, links: linkTo(to) }));
    expect((await journey(11)).journey.spans).toHaveLength(3);
  });

  test.each([
    ["ends before it starts", { startTimeUnixNano: at(5), endTimeUnixNano: at(1) }],
    ["starts before the year 2000", { startTimeUnixNano: "1", endTimeUnixNano: at(1) }],
    ["starts before the year 2000", { startTimeUnixNano: "0", endTimeUnixNano: "0" }],
    ["starts more than a day ahead", { startTimeUnixNano: "9223372036854775807", endTimeUnixNano: at(1) }],
    ["starts more than a day ahead", { startTimeUnixNano: "18446744073709551615", endTimeUnixNano: "0" }],
  ])("a span that %s is kept and marked, and breaks no order", async (why, times) => {
    await send(oneSpan({ traceId: trace(1), spanId: span(1) }));
    await send(oneSpan({ traceId: trace(2), spanId: span(2), ...times }));
    await send(oneSpan({ traceId: trace(3), spanId: span(3) }));
    expect((await journey(2)).wrongTimes).toEqual([{ key: key(2, 2), why }]);
    expect((await journey(3)).wrongTimes).toEqual([]);
    const { body } = await lens().get("/api/journeys");
    expect((body.journeys as { id: string }[]).map(({ id }) => id)).toEqual([3, 2, 1].map(trace));
    expect((await lens().get(`/api/v3/traces/${trace(2)}`)).status).toBe(200);
    expect((await fetch(`${lens().current.url}/metrics`)).status).toBe(200);
  });
});

test("any graph of spans, in any order, is answered: each span in at least one journey, none twice in one", async () => {
  const ids = fc.integer({ min: 1, max: 6 });
  const spans = fc.array(
    fc.record({
      trace: ids,
      span: ids,
      parent: fc.option(ids),
      links: fc.array(fc.tuple(ids, ids), { maxLength: 3 }),
    }),
    { minLength: 1, maxLength: 20 },
  );
  const times = fc.constantFrom("0", "1", at(1), at(2), "18446744073709551615");
  await fc.assert(
    fc.asyncProperty(spans, fc.constantFrom(1, 2, 3, 4, 5), times, times, async (graph, kind, start, end) => {
      const app = newApp();
      for (const one of graph) {
        const links = one.links.map(([to, own]) => ({ traceId: trace(to), spanId: span(own) }));
        const parent = one.parent === null ? {} : { parentSpanId: span(one.parent) };
        const what = { traceId: trace(one.trace), spanId: span(one.span), kind, links, ...parent };
        await app.send(oneSpan({ ...what, startTimeUnixNano: start, endTimeUnixNano: end }));
      }
      for (const one of graph) {
        const { status, body } = await app.get(`/api/journeys/${trace(one.trace)}`);
        expect(status).toBe(200);
        const keys = (body as unknown as Shown).journey.spans.map((shown) => shown.key);
        expect(new Set(keys).size).toBe(keys.length);
      }
      const { status } = await app.get("/api/journeys?limit=100");
      expect(status).toBe(200);
    }),
  );
});
