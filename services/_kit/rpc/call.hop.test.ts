import { SpanKind, SpanStatusCode } from "@opentelemetry/api";
import { afterAll, beforeAll, expect, test } from "vitest";
import { quiet } from "../../../tests/fixtures.ts";
import { patient } from "../../../tests/patience.ts";
import { edges, inRequest, startTestTelemetry } from "../../../tests/telemetry.ts";
// Any contract would do: this test is about the kit.
import { PaymentService } from "../../_contracts/gen/baton/payments/v1/payments_pb.js";
import type { Listening } from "../http/listen.ts";
import { AppError } from "../process/errors.ts";
import { correlationId } from "../telemetry/correlation.ts";
import { baggageEntry } from "../telemetry/propagation.ts";
import { type RpcClient, rpcClient } from "./client.ts";
import { serveRpc } from "./server.ts";

const CHARGE = "baton.payments.v1.PaymentService/Charge";
const telemetry = startTestTelemetry();
let server: Listening;
let client: RpcClient<typeof PaymentService>;
let charge: () => Promise<string> = async () => "ok";

beforeAll(async () => {
  server = await serveRpc({
    host: "127.0.0.1",
    port: 0,
    log: quiet,
    services: [PaymentService],
    routes: (router) => {
      router.service(PaymentService, { charge: async () => ({ chargeId: await charge() }) });
    },
    ready: async () => {},
  });
  client = rpcClient(PaymentService, server.url, patient(2_000));
});
afterAll(async () => {
  client.close();
  await server.close();
  await telemetry.stop();
});

test("a call has a CLIENT span and a SERVER span below it, with the baggage and the same request id", async () => {
  const seen: (string | undefined)[] = [];
  charge = async () => {
    seen.push(correlationId(), baggageEntry("fault"));
    return "ch-1";
  };
  const request = await inRequest({ "correlation.id": "rpc-1", fault: "a.b:c" }, async (span) => {
    expect(await client.call.charge({})).toMatchObject({ chargeId: "ch-1" });
    return span;
  });
  const [serverSpan] = await telemetry
    .ended(CHARGE, 2, { "correlation.id": "rpc-1" })
    .then((spans) => spans.filter((span) => span.kind === SpanKind.SERVER));
  const clientSpan = telemetry
    .find(CHARGE, { "correlation.id": "rpc-1" })
    .find((span) => span.kind === SpanKind.CLIENT);

  expect(clientSpan && edges(clientSpan)).toEqual({ parent: request.spanId, links: [] });
  expect(serverSpan && edges(serverSpan)).toEqual({ parent: clientSpan?.spanContext().spanId, links: [] });
  expect(serverSpan?.spanContext().traceId).toBe(request.traceId);
  for (const span of [clientSpan, serverSpan]) {
    expect(span?.attributes).toMatchObject({
      "rpc.system.name": "grpc",
      "rpc.method": CHARGE,
      "rpc.status_code": "OK",
    });
    expect(span?.status.code).toBe(SpanStatusCode.UNSET);
  }
  expect(clientSpan?.attributes["baton.request.id"]).toMatch(/^[0-9a-f-]{36}$/);
  expect(serverSpan?.attributes["baton.request.id"]).toBe(clientSpan?.attributes["baton.request.id"]);
  expect(seen).toEqual(["rpc-1", "a.b:c"]);
});

test("an error keeps its code, reason and text, fails the CLIENT span, and leaves the SERVER span unset when it is the caller's fault", async () => {
  charge = async () => {
    throw new AppError("precondition_failed", "no money", {
      reason: "card_declined",
      extra: { orderId: "o-1" },
    });
  };
  const failing = inRequest({ "correlation.id": "rpc-2" }, () => client.call.charge({}));
  await expect(failing).rejects.toMatchObject({
    name: "AppError",
    code: "precondition_failed",
    reason: "card_declined",
    message: "no money",
    extra: { orderId: "o-1" },
  });
  const spans = await telemetry.ended(CHARGE, 2, { "correlation.id": "rpc-2" });
  const byKind = new Map(spans.map((span) => [span.kind, span]));
  expect(byKind.get(SpanKind.CLIENT)?.status.code).toBe(SpanStatusCode.ERROR);
  expect(byKind.get(SpanKind.CLIENT)?.attributes["error.type"]).toBe("FAILED_PRECONDITION");
  expect(byKind.get(SpanKind.SERVER)?.status.code).toBe(SpanStatusCode.UNSET);
  expect(byKind.get(SpanKind.SERVER)?.attributes["rpc.status_code"]).toBe("FAILED_PRECONDITION");
});

test("the server's own failure fails its span, and the caller sees no details", async () => {
  charge = async () => {
    throw new Error("secret detail");
  };
  const failing = inRequest({ "correlation.id": "rpc-3" }, () => client.call.charge({}));
  await expect(failing).rejects.toMatchObject({
    code: "internal",
    message: expect.not.stringContaining("secret"),
  });
  const spans = await telemetry.ended(CHARGE, 2, { "correlation.id": "rpc-3" });
  const serverSpan = spans.find((span) => span.kind === SpanKind.SERVER);
  expect(serverSpan?.status.code).toBe(SpanStatusCode.ERROR);
  expect(serverSpan?.attributes["error.type"]).toBe("INTERNAL");
});

test("bad JSON and unknown methods, which no interceptor sees, have a SERVER span too", async () => {
  const post = (path: string, body: string) =>
    fetch(`${server.url}${path}`, { method: "POST", headers: { "content-type": "application/json" }, body });
  expect((await post(`/${CHARGE}`, "{")).status).toBe(400);
  expect((await post("/baton.payments.v1.PaymentService/Steal", "{}")).status).toBe(404);
  const bad = await telemetry.one(CHARGE, { "rpc.system.name": "connectrpc" });
  expect(bad.attributes["rpc.status_code"]).toBe("invalid_argument");
  expect(bad.attributes["error.type"]).toBeUndefined();
  const unknown = await telemetry.one("connectrpc", { "rpc.method": "_OTHER" });
  expect(unknown.kind).toBe(SpanKind.SERVER);
  expect(unknown.status.code).toBe(SpanStatusCode.ERROR);
  expect(unknown.attributes).toMatchObject({
    "rpc.method_original": "baton.payments.v1.PaymentService/Steal",
    "rpc.status_code": "unimplemented",
    "error.type": "unimplemented",
  });
});

test("HTTP/1.1 is served on the same port: a call with JSON, and the probes", async () => {
  charge = async () => "ch-h1";
  const answer = await fetch(`${server.url}/${CHARGE}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: "{}",
  });
  expect(await answer.json()).toEqual({ chargeId: "ch-h1" });
  expect((await fetch(`${server.url}/readyz`)).status).toBe(200);
});
