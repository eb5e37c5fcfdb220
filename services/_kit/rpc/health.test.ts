import { once } from "node:events";
import { setImmediate as turn } from "node:timers/promises";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { startTestTelemetry } from "../../../tests/telemetry.ts";
import { Health, HealthCheckResponse_ServingStatus as Status } from "./gen/grpc/health/v1/health_pb.js";
import { grpcJs, poll, serveOrders } from "./serve.fixture.ts";

const telemetry = startTestTelemetry();
let ready = async () => {};
const unready = async () => {
  throw new Error("the database is away");
};
const server = await serveOrders({}, { ready: () => ready(), healthEveryMs: 5 });
const client = grpcJs(server.url);
const check = (service: string) => client.unary(Health.method.check, { service });
beforeEach(() => {
  ready = async () => {};
});
afterAll(async () => {
  client.close();
  await server.close(0);
  await telemetry.stop();
});

describe("check", () => {
  test("says whether the server and each of its services can be called", async () => {
    for (const service of ["", "baton.orders.v1.OrderService"]) {
      ready = async () => {};
      expect((await check(service)).status).toBe(Status.SERVING);
      ready = unready;
      expect((await check(service)).status).toBe(Status.NOT_SERVING);
    }
  });

  test("fails for an unknown service", async () => {
    await expect(check("baton.orders.v1.Other")).rejects.toMatchObject({
      code: 5,
      details: "there is no service baton.orders.v1.Other here",
    });
  });

  test("makes no span, because probes belong to no journey", async () => {
    await check("");
    await turn();
    expect(telemetry.find("grpc.health.v1.Health/Check")).toEqual([]);
  });
});

describe("watch", () => {
  test("sends the status, then each change of it, and NOT_SERVING when the server stops", async () => {
    const stopping = await serveOrders({}, { ready: () => ready(), healthEveryMs: 5 });
    const watcher = grpcJs(stopping.url);
    const statuses: Status[] = [];
    const stream = watcher.serverStream(Health.method.watch, { service: "" });
    stream.on("data", ({ status }) => statuses.push(status));
    const ended = once(stream, "end");
    await poll(() => statuses).toEqual([Status.SERVING]);
    ready = unready;
    await poll(() => statuses).toEqual([Status.SERVING, Status.NOT_SERVING]);
    ready = async () => {};
    const all = [Status.SERVING, Status.NOT_SERVING, Status.SERVING];
    await poll(() => statuses).toEqual(all);
    await stopping.close(60_000);
    await ended;
    expect(statuses).toEqual([...all, Status.NOT_SERVING]);
    watcher.close();
  });

  test("sends SERVICE_UNKNOWN for an unknown service, and stays open", async () => {
    const stream = client.serverStream(Health.method.watch, { service: "Other" });
    const [first] = await once(stream, "data");
    expect(first.status).toBe(Status.SERVICE_UNKNOWN);
    stream.on("error", () => {});
    stream.cancel();
  });

  test("shares one call of `ready` between all watches", async () => {
    let asked = 0;
    const answer = Promise.withResolvers<void>();
    ready = () => {
      asked += 1;
      return answer.promise;
    };
    const streams = [1, 2, 3].map(() => client.serverStream(Health.method.watch, { service: "" }));
    // These come behind the watches on the same connection.
    const checks = Promise.all([1, 2, 3].map(() => check("")));
    await poll(() => asked).toBe(1);
    await expect(check("Other")).rejects.toMatchObject({ code: 5 });
    expect(asked).toBe(1);
    answer.resolve();
    await checks;
    for (const stream of streams) {
      stream.on("error", () => {});
      stream.cancel();
    }
  });
});
