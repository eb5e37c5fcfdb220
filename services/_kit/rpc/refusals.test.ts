/** gRPC calls of unknown methods, and pages in a browser, which their browser refuses. */
import { once } from "node:events";
import { connect, constants, type IncomingHttpHeaders } from "node:http2";
import * as grpc from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Listening } from "../http/listen.ts";
import { serveOrders } from "./serve.fixture.ts";

const ORIGIN = "http://127.0.0.1:5173";
const GET = "/baton.orders.v1.OrderService/GetOrder";
let server: Listening;
beforeAll(async () => {
  const getOrder = async ({ orderId }: { orderId: string }) => ({ order: { orderId } });
  server = await serveOrders({ getOrder }, { corsOrigins: [ORIGIN] });
});
afterAll(() => server.close(0));

/** Sends one gRPC request by hand. Returns the frames that came back. */
function frames(
  path: string,
): Promise<{ head: IncomingHttpHeaders; endsStream: boolean; dataFrames: number }> {
  const { promise, resolve, reject } = Promise.withResolvers<Awaited<ReturnType<typeof frames>>>();
  const session = connect(server.url);
  session.on("error", reject);
  const seen = { head: {} as IncomingHttpHeaders, endsStream: false, dataFrames: 0 };
  const headers = { ":method": "POST", ":path": path, "content-type": "application/grpc", te: "trailers" };
  const stream = session.request(headers);
  stream.on("response", (head, flags) => {
    seen.head = head;
    seen.endsStream = (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0;
  });
  stream.on("data", () => seen.dataFrames++);
  stream.on("close", () => {
    session.close();
    resolve(seen);
  });
  stream.end(Buffer.alloc(5));
  return promise;
}

describe("an unknown gRPC method", () => {
  test.each(["/nobody.Knows/This", "/baton.orders.v1.OrderService/NoSuch"])(
    "is answered by one block of headers that ends the stream: %s",
    async (path) => {
      const { head, endsStream, dataFrames } = await frames(path);
      expect({ status: head["grpc-status"], endsStream, dataFrames }).toEqual({
        status: String(grpc.status.UNIMPLEMENTED),
        endsStream: true,
        dataFrames: 0,
      });
    },
  );

  test("leaves other calls of its connection alone when the caller cancels it at once", async () => {
    const session = connect(server.url);
    const headers = { ":method": "POST", "content-type": "application/grpc", te: "trailers" };
    const closed = Array.from({ length: 100 }, () => {
      const stream = session.request({ ...headers, ":path": "/no.such.Service/Method" });
      stream.on("error", () => {});
      stream.write(Buffer.alloc(5), () => stream.close(constants.NGHTTP2_CANCEL));
      return once(stream, "close");
    });
    await Promise.all(closed);
    const next = session.request({ ...headers, ":path": "/no.such.Service/Method" });
    next.end(Buffer.alloc(5));
    const [head] = (await once(next, "response")) as [IncomingHttpHeaders];
    expect(head["grpc-status"]).toBe(String(grpc.status.UNIMPLEMENTED));
    session.close();
  });

  test("is UNIMPLEMENTED to grpc-js", async () => {
    const client = new grpc.Client(new URL(server.url).host, grpc.credentials.createInsecure());
    const same = (bytes: Buffer) => bytes;
    const { promise, resolve } = Promise.withResolvers<grpc.ServiceError | null>();
    client.makeUnaryRequest("/nobody.Knows/This", same, same, Buffer.alloc(0), resolve);
    expect(await promise).toMatchObject({
      code: grpc.status.UNIMPLEMENTED,
      details: "there is no method /nobody.Knows/This",
    });
    client.close();
  });
});

describe("a page in a browser", () => {
  const preflight = (origin: string) =>
    fetch(`${server.url}${GET}`, {
      method: "OPTIONS",
      headers: {
        origin,
        "access-control-request-method": "POST",
        "access-control-request-headers": "content-type,x-grpc-web,traceparent,baggage",
      },
    });
  const call = (origin: string) =>
    fetch(`${server.url}${GET}`, {
      method: "POST",
      headers: { origin, "content-type": "application/json" },
      body: '{"orderId":"o-1"}',
    });

  test("of a configured origin may send the context and what the protocols need, and reads the status", async () => {
    const asked = await preflight(ORIGIN);
    expect(asked.status).toBe(204);
    expect(asked.headers.get("access-control-allow-origin")).toBe(ORIGIN);
    const allowed = (asked.headers.get("access-control-allow-headers") ?? "").toLowerCase().split(", ");
    expect(allowed).toEqual(
      expect.arrayContaining([
        ...["traceparent", "tracestate", "baggage", "x-correlation-id"],
        ...["content-type", "connect-protocol-version", "connect-timeout-ms", "x-grpc-web", "grpc-timeout"],
      ]),
    );
    const answer = await call(ORIGIN);
    expect(await answer.json()).toEqual({ order: { orderId: "o-1" } });
    expect(answer.headers.get("access-control-allow-origin")).toBe(ORIGIN);
    expect(answer.headers.get("access-control-expose-headers")?.toLowerCase()).toContain("grpc-status");
  });

  test.each(["http://evil.example", "null", `${ORIGIN}.evil.example`])("of %s may not", async (origin) => {
    expect((await preflight(origin)).headers.get("access-control-allow-origin")).toBeNull();
    expect((await call(origin)).headers.get("access-control-allow-origin")).toBeNull();
  });
});
