import { describe, expect, test } from "vitest";
import { oneSpan } from "../otlp/requests.fixture.ts";
import { at, newApp, span, trace } from "./app.fixture.ts";

type App = ReturnType<typeof newApp>;
interface Line {
  readonly key: string;
  readonly name: string;
  readonly services: string[];
  readonly alike: number;
  readonly durationMs: number;
  readonly cause: { name: string } | null;
}
const list = async (app: App, query = ""): Promise<Line[]> =>
  (await app.get(`/api/journeys${query}`)).body.journeys as Line[];
const key = (t: number, s: number): string => `${trace(t)}:${span(s)}`;
const timed = (from: number, to: number) => ({ startTimeUnixNano: at(from), endTimeUnixNano: at(to) });

describe("the list", () => {
  test("has each root of a trace, and each is found by its key and leads to the others", async () => {
    const app = newApp();
    for (const [n, name] of [
      [1, "first"],
      [2, "second"],
      [3, "third"],
    ] as const)
      await app.send(oneSpan({ traceId: trace(1), spanId: span(n), name, ...timed(n, n + 1) }, "web"));
    expect((await list(app)).map(({ name }) => name)).toEqual(["first", "second", "third"]);
    for (const n of [1, 2, 3]) {
      const { body } = await app.get(`/api/journeys/${key(1, n)}`);
      expect((body.journey as { rootKey: string }).rootKey).toBe(key(1, n));
      expect(body.others).toEqual([1, 2, 3].filter((one) => one !== n).map((one) => key(1, one)));
    }
  });

  test("names the batch's worker and its failure with each producer", async () => {
    const app = newApp();
    for (const n of [1, 2])
      await app.send(oneSpan({ traceId: trace(n), spanId: span(n), kind: 4 }, "mailer"));
    const links = [1, 2].map((n) => ({ traceId: trace(n), spanId: span(n) }));
    await app.send(oneSpan({ traceId: trace(3), spanId: span(3), kind: 5, links, ...timed(5, 9) }, "worker"));
    const failed = { kind: 3, name: "store row", status: { code: 2, message: "no room" } };
    await app.send(
      oneSpan(
        { traceId: trace(3), spanId: span(4), parentSpanId: span(3), ...failed, ...timed(6, 7) },
        "worker",
      ),
    );
    for (const line of await list(app)) {
      expect(line.services).toEqual(["mailer", "worker"]);
      expect(line.cause?.name).toBe("store row");
    }
    expect(await list(app, "?service=worker")).toHaveLength(2);
  });

  test("folds roots of a single span that recur into one line each, and never requests or messages", async () => {
    const app = newApp();
    for (let n = 1; n <= 12; n++) {
      const name = n % 2 ? "tcp.connect" : "moveStalledJobsToWait";
      await app.send(oneSpan({ traceId: trace(n), spanId: span(n), kind: n % 2 ? 1 : 3, name }, "shop"));
    }
    for (const n of [20, 21])
      await app.send(oneSpan({ traceId: trace(n), spanId: span(n), name: "GET /" }, "shop"));
    const failed = { kind: 1, name: "tcp.connect", status: { code: 2 } };
    await app.send(oneSpan({ traceId: trace(30), spanId: span(30), ...failed }, "shop"));
    expect((await list(app)).map(({ name, alike, key: own }) => [name, alike, own])).toEqual([
      ["tcp.connect", 0, key(30, 30)],
      ["GET /", 0, key(21, 21)],
      ["GET /", 0, key(20, 20)],
      ["moveStalledJobsToWait", 5, key(12, 12)],
      ["tcp.connect", 5, key(11, 11)],
    ]);
  });

  test("never has a journey that lasts less than no time", async () => {
    const app = newApp();
    await app.send(oneSpan({ traceId: trace(1), spanId: span(1), endTimeUnixNano: "0" }));
    expect((await list(app)).map(({ durationMs }) => durationMs)).toEqual([0]);
    const { body } = await app.get(`/api/journeys/${trace(1)}`);
    expect(body.wrongTimes).toEqual([{ key: key(1, 1), why: "has not ended" }]);
  });

  test("names what it passed by when its time is over before any root's turn has come", async () => {
    const app = newApp();
    await app.send(oneSpan({ traceId: trace(1), spanId: span(1), kind: 4, name: "publish" }));
    const links = [{ traceId: trace(1), spanId: span(1) }];
    for (let n = 2; n <= 60; n++)
      await app.send(oneSpan({ traceId: trace(n), spanId: span(n), kind: 5, links }));
    app.stored.commit();
    const { journeys, partial, next } = await app.journeys.latest({ limit: 5, service: null }, 0);
    expect(journeys.map(({ summary }) => summary.name)).toEqual(["publish"]);
    expect([partial, next !== undefined]).toEqual([true, true]);
  });
});

test.each(["1", trace(1).toUpperCase(), `%20${trace(1)}`, `${trace(1)}%0A`])(
  "an id is found short, in capitals and with white space: %s",
  async (id) => {
    const app = newApp();
    await app.send(oneSpan({ traceId: trace(1), spanId: span(1) }));
    expect((await app.get(`/api/journeys/${id}`)).status).toBe(200);
  },
);
