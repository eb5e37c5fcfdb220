import { describe, expect, test } from "vitest";
import { oneSpan, textAttribute } from "../otlp/requests.fixture.ts";
import { at, newApp, span, trace } from "./app.fixture.ts";

const WHOLE_DAY = "query.start_time_min=2023-11-14T00:00:00Z&query.start_time_max=2023-11-16T00:00:00Z";

describe("Jaeger's API", () => {
  test("lists services, and a service's operations by kind", async () => {
    const app = newApp();
    await app.send(oneSpan({ name: "b", kind: 3 }));
    await app.send(oneSpan({ name: "a", kind: 2, spanId: span(2) }));
    await app.send(oneSpan({ name: "c", spanId: span(3) }, "orders"));
    expect((await app.get("/api/v3/services")).body).toEqual({ services: ["gateway", "orders"] });
    expect((await app.get("/api/v3/operations?service=gateway")).body).toEqual({
      operations: [
        { name: "a", spanKind: "server" },
        { name: "b", spanKind: "client" },
      ],
    });
    const { body } = await app.get("/api/v3/operations?service=gateway&span_kind=client");
    expect(body).toEqual({ operations: [{ name: "b", spanKind: "client" }] });
  });

  test("gives a trace by its id, in short form and in capitals too", async () => {
    const app = newApp();
    await app.send(oneSpan({ traceId: trace(0xabc) }));
    const expected = { result: oneSpan({ traceId: trace(0xabc) }) };
    for (const id of [trace(0xabc), "abc", "ABC"]) {
      expect((await app.get(`/api/v3/traces/${id}`)).body).toEqual(expected);
    }
  });

  test("finds spans by an attribute under any name that it has had", async () => {
    const app = newApp();
    const method = (n: number, name: string) =>
      app.send(oneSpan({ traceId: trace(n), attributes: [textAttribute(name, "PATCH")] }));
    await method(1, "http.method");
    await method(2, "http.request.method");
    await method(3, "some.method");
    for (const name of ["http.method", "http.request.method"]) {
      const { body } = await app.get(`/api/v3/traces?${WHOLE_DAY}&query.attributes[${name}]=PATCH`);
      const text = JSON.stringify(body);
      expect([1, 2, 3].map((n) => text.includes(trace(n)))).toEqual([true, true, false]);
    }
  });

  const search = async (query: string): Promise<string[]> => {
    const app = newApp();
    for (const [n, service] of [
      [1, "gateway"],
      [2, "gateway"],
      [3, "orders"],
    ] as const) {
      await app.send(
        oneSpan(
          {
            traceId: trace(n),
            name: `op ${n}`,
            startTimeUnixNano: at(n),
            endTimeUnixNano: at(n * 2),
            attributes: [{ key: "n", value: { intValue: n } }, textAttribute("correlation.id", `c${n}`)],
            status: { code: n === 2 ? 2 : 1 },
          },
          service,
        ),
      );
    }
    const { status, body } = await app.get(`/api/v3/traces?${query}`);
    if (status === 404) return [];
    type Found = { result: { resourceSpans: { scopeSpans: { spans: { traceId: string }[] }[] }[] } };
    const spans = (body as Found).result.resourceSpans.flatMap((r) => r.scopeSpans.flatMap((s) => s.spans));
    return spans.map(({ traceId }) => traceId);
  };
  const first = (n: number) => new Date((1_700_000_000 + n) * 1000).toISOString();

  test.each([
    ["everything in a time", WHOLE_DAY, [1, 2, 3]],
    ["a service", `${WHOLE_DAY}&query.service_name=orders`, [3]],
    [
      "a service in the newer spelling",
      "query.startTimeMin=2023-11-14T00:00:00Z&query.startTimeMax=2023-11-16T00:00:00Z&query.serviceName=orders",
      [3],
    ],
    ["an operation", `${WHOLE_DAY}&query.operation_name=op%202`, [2]],
    [
      "a service without that operation",
      `${WHOLE_DAY}&query.service_name=orders&query.operation_name=op%202`,
      [],
    ],
    ["the newest", `${WHOLE_DAY}&query.num_traces=1`, [3]],
    [
      "a start, its lower end included",
      `query.start_time_min=${first(2)}&query.start_time_max=${first(9)}`,
      [2, 3],
    ],
    [
      "a start, its upper end left out",
      `query.start_time_min=${first(1)}&query.start_time_max=${first(2)}`,
      [1],
    ],
    ["a duration", `${WHOLE_DAY}&query.duration_min=1500ms&query.duration_max=2s`, [2]],
    ["an attribute that is a number", `${WHOLE_DAY}&query.attributes[n]=3`, [3]],
    ["attributes in JSON", `${WHOLE_DAY}&query.attributes=${encodeURIComponent('{"n":"2"}')}`, [2]],
    ["an indexed attribute", `${WHOLE_DAY}&query.attributes[correlation.id]=c1`, [1]],
    ["a resource's attribute", `${WHOLE_DAY}&query.attributes[service.name]=orders`, [3]],
    ["failed spans", `${WHOLE_DAY}&query.attributes[error]=true`, [2]],
    ["nothing", `${WHOLE_DAY}&query.attributes[n]=4`, []],
  ])("searches for %s", async (_, query, expected) => {
    expect((await search(query)).sort()).toEqual(expected.map(trace).sort());
  });

  test.each([
    ["without times", "query.service_name=x"],
    ["with a time that is none", "query.start_time_min=yesterday&query.start_time_max=2023-11-16T00:00:00Z"],
    ["with a limit that is none", `${WHOLE_DAY}&query.num_traces=many`],
    ["with a duration that is none", `${WHOLE_DAY}&query.duration_min=5`],
    ["with attributes that are not JSON", `${WHOLE_DAY}&query.attributes=x`],
  ])("answers 400 to a search %s", async (_, query) => {
    const { status, type } = await newApp().get(`/api/v3/traces?${query}`);
    expect([status, type]).toEqual([400, "application/problem+json"]);
  });

  test("answers 404 when it finds nothing, in its own words too", async () => {
    const { status, body } = await newApp().get(`/api/v3/traces/${trace(1)}`);
    expect(status).toBe(404);
    expect(body).toMatchObject({ status: 404, error: { httpCode: 404, message: "No traces found" } });
  });
});
