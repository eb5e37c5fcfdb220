import { spawnSync } from "node:child_process";
import { once } from "node:events";
import * as http from "node:http";
import { createClient, type Interceptor } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { createGrpcWebTransport } from "@connectrpc/connect-web";
import { SpanKind, SpanStatusCode } from "@opentelemetry/api";
import { afterAll, beforeAll, expect, test } from "vitest";
import { patient } from "../../../tests/patience.ts";
import { startTestTelemetry } from "../../../tests/telemetry.ts";
import { OrderService } from "../../_contracts/gen/baton/orders/v1/orders_pb.js";
import type { Listening } from "../http/listen.ts";
import { AppError } from "../process/errors.ts";
import { rpcClient } from "./client.ts";
import { grpcJs, poll, serveOrders } from "./serve.fixture.ts";

const GET = "baton.orders.v1.OrderService/GetOrder";
const LIST = "baton.orders.v1.OrderService/ListOrders";
const telemetry = startTestTelemetry();
let server: Listening;

const refused = (orderId: string) =>
  new AppError("conflict", `no: ${orderId}`, { reason: "wrong_status", extra: { orderId } });

beforeAll(async () => {
  server = await serveOrders({
    getOrder: async ({ orderId }) => {
      if (orderId.startsWith("bad")) throw refused(orderId);
      return { order: { orderId } };
    },
    async *listOrders({ userId, limit }) {
      for (let n = 1; n <= 3; n += 1) yield { order: { orderId: `${userId}-${n}` } };
      if (limit === 1) throw refused(userId);
    },
  });
});
afterAll(async () => {
  await server.close(0);
  await telemetry.stop();
});

/** An error as a client sees it. `code` is gRPC's number. */
interface Seen {
  readonly code: number;
  readonly message: string;
  readonly reason: string | null;
  readonly orderId: string | null;
}

interface Caller {
  readonly system: "grpc" | "connectrpc";
  readonly get: (orderId: string, parent: string) => Promise<string | undefined>;
  /** The ids that came, and the error that ended it. */
  readonly list?: (userId: string, limit: number, parent: string) => Promise<[string[], Seen | undefined]>;
  readonly close?: () => void;
}

const headersOf = (error: { code: number; rawMessage: string; metadata: Headers }): Seen => ({
  code: error.code,
  message: error.rawMessage,
  reason: error.metadata.get("error-reason"),
  orderId: error.metadata.get("error-order-id"),
});

/** A client by Connect, which has the same interface for each of its protocols. */
function connectCaller(
  system: Caller["system"],
  transportFor: (interceptors: Interceptor[]) => Parameters<typeof createClient>[1],
): Caller {
  const clientOf = (traceparent: string) =>
    createClient(
      OrderService,
      transportFor([
        (next) => (request) => {
          request.header.set("traceparent", traceparent);
          return next(request);
        },
      ]),
    );
  return {
    system,
    get: (orderId, parent) =>
      clientOf(parent)
        .getOrder({ orderId })
        .then(
          (answer) => answer.order?.orderId,
          (error) => Promise.reject(headersOf(error)),
        ),
    list: async (userId, limit, parent) => {
      const ids: string[] = [];
      try {
        for await (const { order } of clientOf(parent).listOrders({ userId, limit }))
          ids.push(order?.orderId ?? "");
      } catch (error) {
        return [ids, headersOf(error as Parameters<typeof headersOf>[0])];
      }
      return [ids, undefined];
    },
  };
}

function grpcJsCaller(): Caller {
  const client = grpcJs(server.url);
  const seen = (error: {
    code: number;
    details: string;
    metadata: { get(key: string): unknown[] };
  }): Seen => ({
    code: error.code,
    message: error.details,
    reason: String(error.metadata.get("error-reason")[0]),
    orderId: String(error.metadata.get("error-order-id")[0]),
  });
  return {
    system: "grpc",
    get: (orderId, traceparent) =>
      client.unary(OrderService.method.getOrder, { orderId }, { metadata: { traceparent } }).then(
        (answer) => answer.order?.orderId,
        (error) => Promise.reject(seen(error)),
      ),
    list: async (userId, limit, traceparent) => {
      const stream = client.serverStream(
        OrderService.method.listOrders,
        { userId, limit },
        { metadata: { traceparent } },
      );
      const ids: string[] = [];
      try {
        for await (const { order } of stream) ids.push(order?.orderId ?? "");
      } catch (error) {
        return [ids, seen(error as Parameters<typeof seen>[0])];
      }
      return [ids, undefined];
    },
    close: client.close,
  };
}

/** Connect by a plain HTTP client: JSON in, JSON out. */
const plainHttp: Caller = {
  system: "connectrpc",
  get: async (orderId, traceparent) => {
    const headers = { "content-type": "application/json", traceparent };
    const request = http.request(`${server.url}/${GET}`, { method: "POST", headers });
    request.end(JSON.stringify({ orderId }));
    const [response] = (await once(request, "response")) as [http.IncomingMessage];
    expect(response.httpVersion).toBe("1.1");
    const answer = JSON.parse((await response.toArray()).join(""));
    if (response.statusCode === 200) return answer.order.orderId;
    throw {
      code: response.statusCode === 409 && answer.code === "aborted" ? 10 : -1,
      message: answer.message,
      reason: response.headers["error-reason"],
      orderId: response.headers["error-order-id"],
    };
  },
};

const callers: Record<string, () => Caller> = {
  "gRPC by grpc-js": grpcJsCaller,
  "gRPC-Web over HTTP/1.1": () =>
    connectCaller("grpc", (interceptors) => createGrpcWebTransport({ baseUrl: server.url, interceptors })),
  "Connect over HTTP/2": () =>
    connectCaller("connectrpc", (interceptors) =>
      createConnectTransport({ baseUrl: server.url, httpVersion: "2", interceptors }),
    ),
  "Connect's JSON over plain HTTP/1.1": () => plainHttp,
};

let traces = 0;
/** A new caller's context. */
function newParent() {
  traces += 1;
  const traceId = traces.toString(16).padStart(32, "a");
  const spanId = traces.toString(16).padStart(16, "b");
  return { traceparent: `00-${traceId}-${spanId}-01`, traceId, spanId };
}

/** The SERVER spans of one call. Waits until there is one. */
async function serverSpans(name: string, { traceId }: { traceId: string }) {
  await poll(() => telemetry.find(name).some((span) => span.spanContext().traceId === traceId)).toBe(true);
  return telemetry.find(name).filter((span) => span.spanContext().traceId === traceId);
}

async function expectOneSpan(
  name: string,
  parent: ReturnType<typeof newParent>,
  system: string,
  status: "OK" | "ABORTED",
) {
  const { hostname, port } = new URL(server.url);
  // Connect's codes are words in lower case, and success has none.
  const connect = status === "OK" ? {} : { "rpc.status_code": status.toLowerCase() };
  const spans = await serverSpans(name, parent);
  expect(
    spans.map((span) => [span.kind, span.parentSpanContext?.spanId, span.status.code, span.attributes]),
  ).toEqual([
    [
      SpanKind.SERVER,
      parent.spanId,
      SpanStatusCode.UNSET,
      {
        "rpc.system.name": system,
        "rpc.method": name,
        "server.address": hostname,
        "server.port": Number(port),
        ...(system === "grpc" ? { "rpc.status_code": status } : connect),
      },
    ],
  ]);
}

test("gRPC, gRPC-Web and Connect share one port: each gets its answer, or the error with all its fields, and has one SERVER span below its caller's", async () => {
  await Promise.all(
    Object.entries(callers).map(async ([name, start]) => {
      const caller = start();
      const [good, bad, whole, cut] = [newParent(), newParent(), newParent(), newParent()];
      expect(await caller.get("o-1", good.traceparent), name).toBe("o-1");
      const error = { code: 10, message: "no: bad-1", reason: "wrong_status", orderId: "bad-1" };
      await expect(caller.get("bad-1", bad.traceparent), name).rejects.toEqual(error);
      await expectOneSpan(GET, good, caller.system, "OK");
      await expectOneSpan(GET, bad, caller.system, "ABORTED");
      if (caller.list) {
        const ids = ["u-1", "u-2", "u-3"];
        expect(await caller.list("u", 0, whole.traceparent), name).toEqual([ids, undefined]);
        const ended = { ...error, message: "no: u", orderId: "u" };
        expect(await caller.list("u", 1, cut.traceparent), name).toEqual([ids, ended]);
        await expectOneSpan(LIST, whole, caller.system, "OK");
        await expectOneSpan(LIST, cut, caller.system, "ABORTED");
      }
      caller.close?.();
    }),
  );
});

const noCurl = spawnSync("curl", ["--version"]).status === 0 ? undefined : "curl is not installed here";
test("curl is a client too", async ({ skip }) => {
  if (noCurl !== undefined) skip(noCurl);
  const { spawn } = await import("node:child_process");
  const args = [
    "-sS",
    "-H",
    "content-type: application/json",
    "-d",
    '{"orderId":"o-2"}',
    `${server.url}/${GET}`,
  ];
  const curl = spawn("curl", args);
  expect(JSON.parse((await curl.stdout.toArray()).join(""))).toEqual({ order: { orderId: "o-2" } });
});

test("our own client: a stream's CLIENT span lasts as long as the stream, and its error is an AppError", async () => {
  const client = rpcClient(OrderService, server.url, patient(5_000));
  const stream = client.call.listOrders({ userId: "own", limit: 1 })[Symbol.asyncIterator]();
  expect((await stream.next()).value.order.orderId).toBe("own-1");
  const ofClient = () => telemetry.find(LIST).filter((span) => span.kind === SpanKind.CLIENT);
  expect(ofClient()).toEqual([]);
  await stream.next();
  await stream.next();
  await expect(stream.next()).rejects.toMatchObject({
    name: "AppError",
    code: "conflict",
    reason: "wrong_status",
  });
  await poll(ofClient).toMatchObject([
    {
      status: { code: SpanStatusCode.ERROR },
      attributes: { "rpc.status_code": "ABORTED", "error.type": "ABORTED" },
    },
  ]);
  client.close();
});
