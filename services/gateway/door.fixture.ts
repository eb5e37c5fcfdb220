/** The property of the REST API: each bad request gets the right refusal, and nothing invalid reaches orders. */
import { Agent, type IncomingMessage, request } from "node:http";
import fc from "fast-check";
import { expect } from "vitest";
import { parseRaw, sendRaw } from "../_kit/http/raw.fixture.ts";
import { anyRequest, type Made, noRequest } from "./bad-requests.fixture.ts";
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

/** Sends `batches` times BATCH requests to `door`, and checks each answer and the calls that orders got. */
export async function tryDoor(door: Door, batches: number): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: BATCH });
  const property = fc.asyncProperty(
    fc.array(anyRequest, { minLength: BATCH, maxLength: BATCH }),
    async (made) => {
      door.fake.calls.length = 0;
      door.fake.orders.clear();
      const answers = await Promise.all(made.map((one) => send(agent, door.port, one)));
      for (const [index, { status, names, ...one }] of made.entries()) {
        const answer = answers[index] ?? { status: 0, type: "", text: "" };
        expect(answer.status, `${one.method} ${one.path} ${answer.text}`).toBe(status);
        if (status === 201) continue;
        const { detail } = expectProblem(status, answer.type, answer.text);
        expect(detail).toContain(names);
      }
      const asked = made
        .filter(({ status }) => status === 201)
        .map(({ body }) => JSON.parse(String(body)) as object);
      const came = door.fake.calls.map(({ method, request: seen }) => {
        const { userId, items, paymentToken } = seen as Record<string, unknown>;
        return { method, userId, items, payment: { token: paymentToken } };
      });
      const byUser = (a: object, b: object) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1);
      const wanted = asked.map((body) => ({ method: "checkout", ...body }));
      expect(came.toSorted(byUser)).toMatchObject(wanted.toSorted(byUser));
      expect(came).toHaveLength(wanted.length);
    },
  );
  try {
    // A failing batch of requests is not shrunk: that would take longer than reading it.
    await fc.assert(property, { numRuns: batches, endOnFailure: true });
  } finally {
    agent.destroy();
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
