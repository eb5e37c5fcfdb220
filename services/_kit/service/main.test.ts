/** A service's life, on real processes: what stops it, and which telemetry it exports before it ends. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import path from "node:path";
import { createInterface } from "node:readline";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { OrderService } from "../../_contracts/gen/baton/orders/v1/orders_pb.js";
import { grpcJs } from "../rpc/serve.fixture.ts";

const GET = "baton.orders.v1.OrderService/GetOrder";

interface Sink {
  readonly url: string;
  /** What arrived for each signal, as text: names are readable in protobuf. */
  readonly got: Record<string, string>;
  close(): void;
}

/** Receives OTLP and keeps it. */
async function startSink(): Promise<Sink> {
  const got: Record<string, string> = {};
  const server = createServer(async (request, response) => {
    const chunks = await request.toArray();
    got[request.url ?? ""] = (got[request.url ?? ""] ?? "") + Buffer.concat(chunks).toString("latin1");
    response.writeHead(200, { "content-type": "application/x-protobuf" }).end();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" ? address?.port : 0;
  return { url: `http://127.0.0.1:${port}`, got, close: () => server.close() };
}

let sink: Sink;
const children: ChildProcess[] = [];
beforeEach(async () => {
  sink = await startSink();
});
afterEach(() => {
  sink.close();
  for (const child of children.splice(0)) child.kill("SIGKILL");
});

/** Starts the service as the playground does. Its output is JSON lines, or a message of Node. */
function start(env: Record<string, string>) {
  const args = ["--import", path.join(import.meta.dirname, "../sdk/start.ts")];
  const child = spawn(process.execPath, [...args, path.join(import.meta.dirname, "main.fixture.ts")], {
    env: {
      PATH: process.env.PATH,
      NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? "",
      BATON_SERVICE: "tiny",
      BATON_PORT: "0",
      HANDLER: "finishes",
      OTEL_EXPORTER_OTLP_ENDPOINT: sink.url,
      // So long that only the flush at the end exports anything.
      OTEL_BSP_SCHEDULE_DELAY: "600000",
      OTEL_METRICS_EXPORTER: "none",
      ...env,
    },
  });
  children.push(child);
  const lines: string[] = [];
  for (const output of [child.stdout, child.stderr])
    createInterface({ input: output }).on("line", (line) => lines.push(line));
  const line = async (msg: string): Promise<Record<string, string>> => {
    const find = () => lines.find((text) => text.includes(`"msg":"${msg}"`));
    await expect.poll(find, { message: lines.join("\n") }).toBeDefined();
    return JSON.parse(find() ?? "{}");
  };
  const exited = once(child, "close").then(([code]) => code as number | null);
  return { child, lines, line, exited };
}

/** A call that the handler has begun and not ended. */
async function callInHand(service: ReturnType<typeof start>) {
  const client = grpcJs((await service.line("listening")).url ?? "");
  const answer = client.unary(OrderService.method.getOrder, { orderId: "o" }).finally(client.close);
  answer.catch(() => {});
  await service.line("in hand");
  expect(sink.got["/v1/traces"]).toBeUndefined();
  return { answer };
}

describe("SIGTERM", () => {
  test("lets a call under way end, and the process exits only when its spans have arrived", async () => {
    const service = start({ HANDLER: "finishes" });
    const { answer } = await callInHand(service);
    service.child.kill("SIGTERM");
    expect((await answer).order?.orderId).toBe("o");
    expect(await service.exited).toBe(0);
    expect(sink.got["/v1/traces"]).toContain(GET);
    expect(sink.got["/v1/logs"]).toContain("stopping");
  });

  test("answers a call that does not end in time UNAVAILABLE, and its span says so", async () => {
    const service = start({ HANDLER: "hangs" });
    const { answer } = await callInHand(service);
    service.child.kill("SIGTERM");
    await expect(answer).rejects.toMatchObject({ code: 14, details: "the service stops" });
    expect(await service.exited).toBe(0);
    expect(sink.got["/v1/traces"]).toContain("UNAVAILABLE");
  });
});

describe("an environment that is wrong", () => {
  test.each([
    ["BATON_PORT", "http"],
    ["BATON_ASYNC", "sometimes"],
    ["OTEL_TRACES_EXPORTER", "zipkin"],
  ])("%s=%s is named, with what it may be, before anything listens: exit status 2", async (name, value) => {
    const service = start({ [name]: value });
    expect(await service.exited).toBe(2);
    const said = service.lines.join("\n");
    expect(said).toContain(name);
    expect(said).toContain(value);
    expect(said).not.toMatch(/\bat .+:\d+:\d+|listening/);
  });
});
