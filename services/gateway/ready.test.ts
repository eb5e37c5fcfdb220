import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, expect, test } from "vitest";
import { patient } from "../../tests/patience.ts";
import { makeReady } from "./ready.ts";

const ANSWERED_WITHIN_MS = patient(1_000);
const servers: Server[] = [];
afterAll(async () => {
  for (const server of servers) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

/** A server on a free port; answers its address. */
async function serving(handler: RequestListener): Promise<string> {
  const server = createServer(handler);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
const answering = (status: number) =>
  serving((request, response) => {
    response.writeHead(request.url === "/readyz" ? status : 404).end("{}");
  });

test("ready when each service answers that it is", async () => {
  const ready = makeReady(
    { orders: await answering(200), shipping: await answering(200) },
    ANSWERED_WITHIN_MS,
  );
  await expect(ready()).resolves.toBeUndefined();
});

test("not ready when one service is not; only those that are not ready are named", async () => {
  const urls = {
    orders: await answering(200),
    shipping: await answering(503),
    analytics: await answering(404),
  };
  const ready = makeReady(urls, ANSWERED_WITHIN_MS);
  await expect(ready()).rejects.toMatchObject({
    code: "unavailable",
    httpStatus: 503,
    message: "not ready: shipping, analytics",
  });
});

test("a service that is gone is named", async () => {
  const url = await answering(200);
  const gone = servers.pop();
  await new Promise((resolve) => gone?.close(resolve));
  await expect(makeReady({ payments: url })()).rejects.toThrow("not ready: payments");
});

test("a service that takes the request and never answers is given up", async () => {
  const ready = makeReady({ orders: await answering(200), inventory: await serving(() => {}) }, patient(100));
  await expect(ready()).rejects.toThrow(/^not ready: inventory$/);
});
