/** The property of the REST API: each bad request gets the right refusal, and nothing invalid reaches a service. */
import { Agent, type IncomingMessage, request } from "node:http";
import fc from "fast-check";
import { expect } from "vitest";
import { parseRaw, sendRaw } from "../_kit/http/raw.fixture.ts";
import { anyRequest, noRequest } from "./bad-requests.fixture.ts";
import type { Made } from "./made.fixture.ts";
import type { Door } from "./shop.fixture.ts";

/** Requests at a time, as from many clients. */
export const BATCH = 20;

function send(
  agent: Agent,
  port: number,
  made: Made,
): Promise<{ status: number; type: string; text: string }> {
  const { method, path, headers, body } = made;
  return new Promise((resolve, reject) => {
    const length = body === undefined ? {} : { "content-length": Buffer.byteLength(body) };
    const sent = request({
      agent,
      port,
      host: "127.0.0.1",
      method,
      path,
      headers: { ...headers, ...length },
    });
    sent.on("error", reject);
    sent.on("response", (response: IncomingMessage) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () =>
        resolve({
          status: response.statusCode ?? 0,
          type: response.headers["content-type"] ?? "",
          text: Buffer.concat(chunks).toString(),
        }),
      );
    });
    sent.end(body);
  });
}

/** What every refusal must look like. */
function expectProblem(status: number, type: string | undefined, text: string): { detail: string } {
  expect(type, text).toBe("application/problem+json");
  const problem = JSON.parse(text) as { detail: string };
  expect(problem).toMatchObject({
    type: expect.stringMatching(/^urn:baton:problem:[a-z-]+$/),
    title: expect.any(String),
    status,
    detail: expect.stringMatching(/\w/),
  });
  expect(text).not.toMatch(/node_modules|\.ts:|\bat .*\(/);
  expect(text.length, "an answer of bounded length").toBeLessThan(4_000);
  return problem;
}

/** Sends `batches` times BATCH requests to `door`, and checks each answer and the calls that the services got. */
export async function tryDoor(door: Door, batches: number): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: BATCH });
  const property = fc.asyncProperty(
    fc.array(anyRequest, { minLength: BATCH, maxLength: BATCH }),
    async (made) => {
      door.fake.calls.length = 0;
      door.fake.orders.clear();
      door.catalog.calls.length = 0;
      door.catalog.items.clear();
      const answers = await Promise.all(made.map((one) => send(agent, door.port, one)));
      for (const [index, { status, names, ...one }] of made.entries()) {
        const answer = answers[index] ?? { status: 0, type: "", text: "" };
        expect(answer.status, `${one.method} ${one.path} ${answer.text}`).toBe(status);
        if (status === 201) continue;
        const { detail } = expectProblem(status, answer.type, answer.text);
        expect(detail).toContain(names);
      }
      expectCalls(door, made);
    },
  );
  try {
    // A failing batch of requests is not shrunk: that would take longer than reading it.
    await fc.assert(property, { numRuns: batches, endOnFailure: true });
  } finally {
    agent.destroy();
  }
}

/** Checks that the good ones of `made` reached the services as they were sent, and that nothing else did. */
function expectCalls({ fake, catalog }: Door, made: readonly Made[]): void {
  const asked = (path: string) =>
    made
      .filter((one) => one.status === 201 && one.path === path)
      .map(({ body }) => JSON.parse(String(body)) as Record<string, unknown>);
  const orders = fake.calls.map(({ method, request: seen }) => {
    const { userId, items, paymentToken } = seen as Record<string, unknown>;
    return { method, userId, items, payment: { token: paymentToken } };
  });
  const items = catalog.calls.map(({ method, request: seen }) => {
    const { sku, title, priceCents, stock } = seen as Record<string, unknown>;
    return {
      method,
      sku,
      title,
      priceCents: Number(priceCents),
      stock: stock === undefined ? null : Number(stock),
    };
  });
  const byText = (a: object, b: object) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1);
  for (const [came, method, path] of [
    [orders, "checkout", "/api/v1/checkouts"],
    [items, "createItem", "/api/v1/items"],
  ] as const) {
    const wanted = asked(path).map((body) => ({ method, ...body }));
    expect(came.toSorted(byText)).toMatchObject(wanted.toSorted(byText));
    expect(came).toHaveLength(wanted.length);
  }
}

/** Sends bytes that are no HTTP request. Each is refused, and its connection is closed. */
export async function tryBytes(door: Door, times: number): Promise<void> {
  const property = fc.asyncProperty(noRequest, async (bytes) => {
    const { status, type, body } = parseRaw(await sendRaw(door.port, bytes));
    expect(status, bytes.toString("latin1")).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(500);
    expectProblem(status, type, body);
  });
  await fc.assert(property, { numRuns: times });
}
