import { expect, test } from "vitest";
import { oneSpan, textAttribute } from "../otlp/requests.fixture.ts";
import { at, newApp, span, trace } from "./app.fixture.ts";

type App = ReturnType<typeof newApp>;
const DAY = "query.start_time_min=2023-11-14T00:00:00Z&query.start_time_max=2023-11-16T00:00:00Z";
const send = (app: App, n: number) =>
  app.send(
    oneSpan({ traceId: trace(n), spanId: span(n), startTimeUnixNano: at(n), endTimeUnixNano: at(n + 1) }),
  );

test("a list of journeys goes on where it stopped, whatever arrives meanwhile", async () => {
  const app = newApp();
  for (let n = 1; n <= 10; n++) await send(app, n);
  const seen: string[] = [];
  let cursor = "";
  do {
    const { body } = await app.get(`/api/journeys?limit=3${cursor && `&cursor=${cursor}`}`);
    seen.push(...(body.journeys as { id: string }[]).map(({ id }) => id));
    cursor = (body.cursor as string | undefined) ?? "";
    await send(app, 100 + seen.length);
  } while (cursor);
  expect(seen).toEqual(Array.from({ length: 10 }, (_, i) => trace(10 - i)));
});

test("a search goes on where it stopped", async () => {
  const app = newApp();
  for (let n = 1; n <= 7; n++) await send(app, n);
  const seen: string[] = [];
  let cursor: string | null = "";
  do {
    const response = await app.request(
      `/api/v3/traces?${DAY}&query.service_name=gateway&query.num_traces=2${cursor && `&cursor=${cursor}`}`,
    );
    if (response.status === 404) break;
    seen.push(...((await response.text()).match(/(?<="traceId":")[0-9a-f]{32}/g) ?? []));
    cursor = response.headers.get("lens-cursor");
    await send(app, 200 + seen.length);
  } while (cursor);
  expect(seen).toEqual(Array.from({ length: 7 }, (_, i) => trace(7 - i)));
});

test.each([
  "/api/journeys?cursor=x",
  "/api/journeys?limit=-1",
  `/api/v3/traces?${DAY}&cursor=t99999999999999`,
])("%s is refused, and the parameter is named", async (path) => {
  const { status, body } = await newApp().get(path);
  expect(status).toBe(400);
  expect(body.detail).toMatch(/malformed parameter (cursor|limit)/);
});

test("a trace of 100,000 spans is cut, and the answer says so", async () => {
  const app = newApp();
  const request = oneSpan({ traceId: trace(1) }) as {
    resourceSpans: { scopeSpans: { spans: object[] }[] }[];
  };
  const scope = request.resourceSpans[0]?.scopeSpans[0];
  const one = scope?.spans[0] ?? {};
  if (scope) {
    scope.spans = Array.from({ length: 100_000 }, (_, i) => ({
      ...one,
      spanId: span(i + 1),
      ...(i > 0 && { parentSpanId: span(1) }),
    }));
  }
  await app.send(request);
  const response = await app.request(`/api/v3/traces/${trace(1)}`);
  expect(response.headers.get("lens-spans-left-out")).toBe("80000");
  const { body } = await app.get(`/api/journeys/${trace(1)}`);
  expect(body.spansLeftOut).toBe(80_000);
});

test("an answer is cut by its size, too", async () => {
  const app = newApp();
  const text = textAttribute("text", "x".repeat(1024 * 1024));
  for (let n = 1; n <= 12; n++)
    await app.send(oneSpan({ traceId: trace(1), spanId: span(n), attributes: [text] }));
  const response = await app.request(`/api/v3/traces/${trace(1)}`);
  expect(Number(response.headers.get("lens-spans-left-out"))).toBe(5);
});
