import { once } from "node:events";
import * as http2 from "node:http2";
import { create, toBinary } from "@bufbuild/protobuf";
import type { ServiceImpl } from "@connectrpc/connect";
import { SpanKind, SpanStatusCode } from "@opentelemetry/api";
import { pino } from "pino";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { patient } from "../../../tests/patience.ts";
import { inRequest, startTestTelemetry } from "../../../tests/telemetry.ts";
import { GetOrderRequestSchema, OrderService } from "../../_contracts/gen/baton/orders/v1/orders_pb.js";
import { currentDeadline, detached } from "../process/deadline.ts";
import { AppError } from "../process/errors.ts";
import { type RpcClient, rpcClient } from "./client.ts";
import { poll, serveOrders } from "./serve.fixture.ts";

const GET = "baton.orders.v1.OrderService/GetOrder";
const LIST = "baton.orders.v1.OrderService/ListOrders";
/** Long enough for a call over three hops. */
const TIME_MS = patient(2_000);
const LONG_MS = 10 * TIME_MS;
/** Runs out while the handler waits, and not before the call has reached it. */
const SHORT_MS = patient(30);
const telemetry = startTestTelemetry();
const releases: (() => unknown)[] = [];
afterAll(async () => {
  for (const release of releases.toReversed()) await release();
  await telemetry.stop();
});

type Handlers = Partial<ServiceImpl<typeof OrderService>>;

/** A server with these handlers and a client of it. */
async function place(handlers: Handlers, timeoutMs = LONG_MS) {
  const warned: unknown[] = [];
  const log = pino({ level: "warn" }, { write: (line: string) => warned.push(JSON.parse(line)) });
  const server = await serveOrders(handlers, { log });
  const client = rpcClient(OrderService, server.url, timeoutMs);
  releases.push(
    () => server.close(0),
    () => client.close(),
  );
  return { ...server, call: client.call, warned };
}

/** Handlers that call the next server, by single calls and by a stream, as a service does that needs another. */
const passingOn = (next: RpcClient<typeof OrderService>["call"]): Handlers => ({
  getOrder: ({ orderId }) => next.getOrder({ orderId }),
  async *listOrders({ userId }) {
    const { order } = await next.getOrder({ orderId: userId });
    yield { order };
    yield* next.listOrders({ userId });
  },
});

/** What the last server of the chain does, after it has recorded its deadline in `seen`. */
let last: (orderId: string) => Promise<void>;
let seen: ReturnType<typeof currentDeadline>[] = [];
beforeEach(() => {
  seen = [];
  last = async () => {};
});
const recording: Handlers = {
  getOrder: async ({ orderId }) => {
    seen.push(currentDeadline());
    await last(orderId);
    return { order: { orderId } };
  },
  async *listOrders({ userId }) {
    seen.push(currentDeadline());
    yield { order: { orderId: userId } };
    await last(userId);
  },
};
const c = await place(recording);
const b = await place(passingOn(c.call));
const a = await place(passingOn(b.call));

const leftMs = () => seen.map((deadline) => (deadline?.atMs ?? Number.NaN) - performance.now());
const forever = () => new Promise<void>(() => {});
const serverSpans = (name: string, id: string) =>
  telemetry.find(name, { "correlation.id": id }).filter((span) => span.kind === SpanKind.SERVER);

describe("three services in a row", () => {
  test("the last has only what is left of the first one's time, though each hop alone would give it more", async () => {
    await a.call.getOrder({ orderId: "o" }, { timeoutMs: TIME_MS });
    for await (const _ of a.call.listOrders({ userId: "u" }, { timeoutMs: TIME_MS })) {
    }
    const left = leftMs();
    expect(left).toHaveLength(4);
    for (const ms of left) {
      expect(ms).toBeGreaterThan(0);
      expect(ms).toBeLessThan(TIME_MS);
    }
  });

  test("a hop may give less time than is left", async () => {
    const near = await place(passingOn(rpcClientOf(c.url, TIME_MS / 4).call));
    await near.call.getOrder({ orderId: "o" }, { timeoutMs: TIME_MS });
    expect(leftMs()[0]).toBeLessThan(TIME_MS / 4);
  });

  test("a stream's handler runs in its call's context too: its calls are below its span", async () => {
    await inRequest({ "correlation.id": "below" }, async () => {
      for await (const _ of a.call.listOrders({ userId: "u" })) {
      }
    });
    await poll(() => serverSpans(LIST, "below")).toHaveLength(3);
    await poll(() => serverSpans(GET, "below")).toHaveLength(3);
    // Two of the chain list and each gets one order on its own, the first of them over two further hops.
    const spans = [
      ...telemetry.find(GET, { "correlation.id": "below" }),
      ...telemetry.find(LIST, { "correlation.id": "below" }),
    ];
    expect(new Set(spans.map((span) => span.spanContext().traceId)).size).toBe(1);
    const ids = new Set(spans.map((span) => span.spanContext().spanId));
    const outside = spans.filter((span) => !ids.has(span.parentSpanContext?.spanId ?? ""));
    expect(outside.map((span) => [span.name, span.kind])).toEqual([[LIST, SpanKind.CLIENT]]);
  });

  for (const [what, ask] of [
    ["a call", (signal: AbortSignal): Promise<unknown> => a.call.getOrder({ orderId: "o" }, { signal })],
    [
      "a stream",
      (signal: AbortSignal): Promise<unknown> => drain(a.call.listOrders({ userId: "u" }, { signal })),
    ],
  ] as const) {
    test(`${what} that is cancelled at the top ends in all services, and fails no SERVER span`, async () => {
      const id = `cancelled ${what}`.replaceAll(" ", "-");
      const reached = Promise.withResolvers<void>();
      last = async () => {
        // In a stream's chain two single calls reach the last service first.
        if (seen.length < (what === "a call" ? 1 : 3)) return;
        reached.resolve();
        await forever();
      };
      const caller = new AbortController();
      const answer = inRequest({ "correlation.id": id }, () => ask(caller.signal));
      const failed = expect(answer).rejects.toMatchObject({ name: "AppError", code: "cancelled" });
      await reached.promise;
      expect(seen.at(-1)?.signal.aborted).toBe(false);
      caller.abort();
      await failed;
      await poll(() => seen.at(-1)?.signal.aborted).toBe(true);
      const name = what === "a call" ? GET : LIST;
      await poll(() => serverSpans(name, id)).toHaveLength(3);
      for (const span of serverSpans(name, id)) {
        expect(span.attributes["rpc.status_code"]).toBe("CANCELLED");
        expect(span.status.code).toBe(SpanStatusCode.UNSET);
      }
    });
  }

  test("detached work has no deadline and is not aborted, and its failure is logged", async () => {
    const begun = Promise.withResolvers<void>();
    const goOn = Promise.withResolvers<void>();
    const ended = Promise.withResolvers<void>();
    let cut: boolean | undefined;
    last = async () => {
      cut = seen[0]?.signal.aborted;
    };
    const saga = await place({
      getOrder: () =>
        detached(async () => {
          begun.resolve();
          await goOn.promise;
          await c.call.getOrder({ orderId: "compensation" });
          ended.resolve();
          throw new AppError("conflict", "failed after its caller had left");
        }),
    });
    const caller = new AbortController();
    const answer = saga.call.getOrder({ orderId: "o" }, { signal: caller.signal });
    await begun.promise;
    caller.abort();
    await expect(answer).rejects.toMatchObject({ code: "cancelled" });
    goOn.resolve();
    await ended.promise;
    expect(leftMs()[0]).toBeGreaterThan(LONG_MS / 2);
    expect(cut).toBe(false);
    await poll(() => saga.warned).toMatchObject([{ err: { message: "failed after its caller had left" } }]);
  });
});

describe("one server", () => {
  /** Makes the handler ignore its signal and never answer. Resolves when it was reached. */
  const asked = () => {
    const reached = Promise.withResolvers<void>();
    last = () => {
      reached.resolve();
      return forever();
    };
    return reached.promise;
  };
  const envelope = (orderId: string) => {
    const message = toBinary(GetOrderRequestSchema, create(GetOrderRequestSchema, { orderId }));
    const framed = Buffer.alloc(5 + message.length);
    framed.writeUInt32BE(message.length, 1);
    framed.set(message, 5);
    return framed;
  };
  /** A gRPC call by a client that does not enforce the deadline itself. */
  const byHand = (id: string, headers: http2.OutgoingHttpHeaders) => {
    const session = http2.connect(c.url);
    session.on("error", () => {});
    releases.push(() => session.destroy());
    const stream = session.request({
      ":method": "POST",
      ":path": `/${GET}`,
      "content-type": "application/grpc",
      baggage: `correlation.id=${id}`,
      ...headers,
    });
    stream.on("error", () => {});
    stream.end(envelope("o"));
    return { session, stream };
  };

  test("answers DEADLINE_EXCEEDED at the deadline, also when its handler ignores the signal", async () => {
    asked();
    const { stream } = byHand("late-grpc", { "grpc-timeout": `${SHORT_MS}m` });
    const [trailers] = await once(stream.resume(), "trailers");
    expect(trailers["grpc-status"]).toBe("4");
    expect(seen[0]?.signal.aborted).toBe(true);
    const answer = await fetch(`${c.url}/${GET}`, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        "connect-timeout-ms": String(SHORT_MS),
        baggage: "correlation.id=late-h1",
      },
      body: "{}",
    });
    expect([answer.status, await answer.json()]).toMatchObject([504, { code: "deadline_exceeded" }]);
    for (const [id, type] of [
      ["late-grpc", "DEADLINE_EXCEEDED"],
      ["late-h1", "deadline_exceeded"],
    ]) {
      const span = await telemetry.one(GET, { "correlation.id": id });
      expect(span.attributes["error.type"]).toBe(type);
      expect(span.status.code).toBe(SpanStatusCode.ERROR);
    }
  });

  test.each([["soon"], ["10"], ["-1m"], ["999999999m"], ["1.5S"]])(
    "refuses the invalid timeout %s",
    async (timeout) => {
      const { stream } = byHand("garbage", { "grpc-timeout": timeout });
      const [trailers] = await once(stream.resume(), "trailers");
      expect(trailers["grpc-status"]).toBe("3");
      expect(String(trailers["grpc-message"])).toContain("timeout");
      expect(seen).toEqual([]);
    },
  );

  test.each([["99999999H"], ["2147484S"], ["597H"]])(
    "takes the timeout %s, longer than any timer, for none",
    async (timeout) => {
      const { stream } = byHand("far", { "grpc-timeout": timeout });
      const [trailers] = await once(stream.resume(), "trailers");
      expect(trailers["grpc-status"]).toBe("0");
      expect(seen[0]?.atMs).toBe(Number.POSITIVE_INFINITY);
    },
  );

  test("notices a client whose socket is closed", async () => {
    const reached = asked();
    const { session } = byHand("gone", {});
    await reached;
    session.destroy();
    await poll(() => seen[0]?.signal.aborted).toBe(true);
    const span = await telemetry.one(GET, { "correlation.id": "gone" });
    expect(span.attributes["rpc.status_code"]).toBe("CANCELLED");
    expect(span.status.code).toBe(SpanStatusCode.UNSET);
  });

  test("notices a client that leaves a stream", async () => {
    last = forever;
    await inRequest({ "correlation.id": "left" }, async () => {
      for await (const { order } of c.call.listOrders({ userId: "u" })) {
        expect(order?.orderId).toBe("u");
        break;
      }
    });
    await poll(() => seen[0]?.signal.aborted).toBe(true);
    const [span] = await telemetry.ended(LIST, 2, { "correlation.id": "left" });
    expect(span?.attributes["rpc.status_code"]).toBe("CANCELLED");
  });
});

function rpcClientOf(url: string, timeoutMs: number) {
  const client = rpcClient(OrderService, url, timeoutMs);
  releases.push(() => client.close());
  return client;
}

async function drain(messages: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of messages) {
  }
}
