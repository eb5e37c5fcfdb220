import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { gunzipSync } from "node:zlib";
import { pino } from "pino";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Counts } from "../counts.ts";
import { onPorts } from "../lens.fixture.ts";
import { encodeJson } from "../otlp/json/in.ts";
import { oneSpan } from "../otlp/requests.fixture.ts";
import { partial } from "./backend.fixture.ts";
import { Forwarder, type ForwardOptions } from "./forward.ts";
import { readTargets } from "./targets.ts";

interface Arrived {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** A backend that answers with the statuses in turn, and then with 200. */
let backend: Server;
let url = "";
let statuses: number[] = [];
/** What it says with its next 200. */
let said: Buffer | undefined;
let arrived: Arrived[] = [];
let logged = "";
let counts: Counts;

beforeEach(async () => {
  said = undefined;
  [statuses, arrived, logged, counts] = [[], [], "", new Counts()];
  backend = createServer(async (request, response) => {
    const body = gunzipSync(await buffer(request));
    arrived.push({ path: request.url ?? "", headers: request.headers, body });
    response.writeHead(statuses.shift() ?? 200, { "retry-after": "0", location: "/elsewhere" }).end(said);
  });
  await new Promise<void>((resolve) => backend.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(backend.address() as AddressInfo).port}`;
});
afterEach(() => {
  backend.closeAllConnections();
  backend.close();
});

const forwarder = (more: Partial<ForwardOptions> = {}): Forwarder =>
  new Forwarder({
    targets: readTargets({ LENS_FORWARD_URL: url, LENS_FORWARD_HEADERS: "api-key=secret" }),
    queueBytes: 1_000_000,
    counts,
    log: pino({}, { write: (line) => (logged += line) }),
    ...more,
  });
const taken = (body: string) =>
  ({ signal: "traces", encoding: "protobuf", body: Buffer.from(body), items: 1 }) as const;

test("sends on what it is offered with the headers, and what waits as one request", async () => {
  const sender = forwarder();
  for (const body of ["a", "b", "c"]) sender.offer(taken(body));
  await sender.stop(10_000);
  expect(arrived.map(({ path, body }) => [path, body.toString()])).toEqual([
    ["/v1/traces", "a"],
    ["/v1/traces", "bc"],
  ]);
  expect(arrived[0]?.headers).toMatchObject({
    "api-key": "secret",
    "content-type": "application/x-protobuf",
    "content-encoding": "gzip",
  });
  expect(counts.of("traces", "forwarded")).toBe(3);
});

test("tries again while the backend is busy, drops what it refuses, and never says the headers' values", async () => {
  statuses = [503, 429, 200, 400];
  const sender = forwarder();
  sender.offer(taken("a"));
  sender.offer(taken("b"));
  await sender.stop(20_000);
  expect(arrived.map(({ body }) => body.toString())).toEqual(["a", "a", "a", "b"]);
  expect([counts.of("traces", "forwarded"), counts.of("traces", "dropped refused")]).toEqual([1, 1]);
  expect(logged).toContain("forwarding works again");
  expect(logged).not.toContain("secret");
});

test("drops what does not fit the queue and what cannot be delivered in time, and counts it", async () => {
  backend.close();
  const sender = forwarder({ queueBytes: 10, giveUpMs: 0 });
  sender.offer(taken("x".repeat(11)));
  sender.offer(taken("x"));
  await sender.stop(20_000);
  expect(counts.of("traces", "dropped queue_full")).toBe(1);
  expect(counts.of("traces", "dropped gave_up")).toBe(1);
});

test("a redirect is not followed: it would take the key elsewhere", async () => {
  statuses = [307];
  const sender = forwarder();
  sender.offer(taken("a"));
  await sender.stop(10_000);
  expect(arrived).toHaveLength(1);
  expect(counts.of("traces", "dropped refused")).toBe(1);
});

test("lens sends on all that it accepts, and nothing that it refuses", async () => {
  const lens = await onPorts("0", "0", { LENS_FORWARD_URL: url, LENS_FORWARD_HEADERS: "api-key=a%20b" });
  const request = encodeJson("TracesRequest", oneSpan());
  const post = (body: Buffer) =>
    fetch(`${lens.otlpHttpUrl}/v1/traces`, {
      method: "POST",
      body: new Uint8Array(body),
      headers: { "content-type": "application/x-protobuf" },
    });
  expect((await post(request.subarray(0, -3))).status).toBe(400);
  expect((await post(request)).status).toBe(200);
  await expect
    .poll(async () => (await fetch(`${lens.url}/metrics`)).text())
    .toContain('lens_forwarded_total{signal="traces"} 1\n');
  await lens.stop();
  expect(arrived.map(({ body, headers }) => [body, headers["api-key"]])).toEqual([[request, "a b"]]);
});

test("what the backend leaves out of a request that it takes is counted, and said in its words without control characters", async () => {
  said = partial(2, "no room\u001b[31m");
  const sender = forwarder();
  sender.offer({ ...taken("a"), items: 5 });
  await sender.stop(10_000);
  expect([counts.of("traces", "forwarded"), counts.of("traces", "dropped rejected")]).toEqual([3, 2]);
  expect(logged).toContain('"why":"no room [31m"');
  expect(logged).toContain("left out a part of it");
});

test("a signal without a target is not sent on", async () => {
  const targets = readTargets({ LENS_FORWARD_LOGS_URL: `${url}/in`, LENS_FORWARD_LOGS_COMPRESSION: "gzip" });
  const sender = forwarder({ targets });
  sender.offer(taken("a"));
  sender.offer({ ...taken("b"), signal: "logs" });
  await sender.stop(10_000);
  expect(arrived.map(({ path, body }) => [path, body.toString()])).toEqual([["/in", "b"]]);
  expect([counts.of("traces", "forwarded"), counts.of("logs", "forwarded")]).toEqual([0, 1]);
});
