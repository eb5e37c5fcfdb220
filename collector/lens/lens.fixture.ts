/** A lens of its own for each test, on free ports, and what tests say to it. */
import path from "node:path";
import { afterEach, beforeEach } from "vitest";
import { BATON } from "../../services/_kit/telemetry/conventions.ts";
import { readConfig } from "./config.ts";
import { type Lens, startLens } from "./server.ts";

// Each lens loads its code in two more threads: kept compiled, that takes half as long.
process.env.NODE_COMPILE_CACHE ??= path.join(import.meta.dirname, "../../node_modules/.cache/baton-lens");

/** Each of its ports is any that is free. */
export const ANY_PORTS = { BATON_PORT: "0", LENS_OTLP_HTTP_PORT: "0", LENS_OTLP_GRPC_PORT: "0" } as const;

export const MAX_REQUEST_BYTES = 64 * 1024;

/** The trace id of `oneSpan`. */
export const TRACE_ID = "0af7651916cd43dd8448eb211c80319c";

/** gRPC's path of the trace service. */
export const EXPORT = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

/** A lens on these OTLP ports; the page is on any. */
export const onPorts = (
  otlpHttpPort: string,
  otlpGrpcPort: string,
  more: Readonly<Record<string, string>> = {},
): Promise<Lens> =>
  startLens(
    readConfig({
      BATON_PORT: "0",
      LENS_OTLP_HTTP_PORT: otlpHttpPort,
      LENS_OTLP_GRPC_PORT: otlpGrpcPort,
      LENS_MAX_REQUEST_BYTES: String(MAX_REQUEST_BYTES),
      LENS_INDEX: BATON.orderId,
      ...more,
    }),
  );

export class TestLens {
  /** The one that runs now; a test may stop it and put another in its place. */
  current: Lens;

  constructor(lens: Lens) {
    this.current = lens;
  }

  /** GET on the query API. */
  async get(path: string): Promise<{ status: number; body: Record<string, unknown> }> {
    const response = await fetch(`${this.current.url}${path}`);
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  }

  /** POST on the OTLP/HTTP receiver. */
  post(path: string, body: Buffer | string, headers: Record<string, string>): Promise<Response> {
    const bytes = new Uint8Array(Buffer.from(body));
    return fetch(`${this.current.otlpHttpUrl}${path}`, { method: "POST", body: bytes, headers });
  }

  /** A sample of /metrics; NaN when there is none with exactly these labels. */
  async counter(name: string, labels: string): Promise<number> {
    const text = await (await fetch(`${this.current.url}/metrics`)).text();
    const line = text.split("\n").find((each) => each.startsWith(`${name}{${labels}}`));
    return Number(line?.split(" ")[1]);
  }
}

/** Starts one before each test of the file and stops it after. Call it once, at the top. */
export function eachWithLens(): () => TestLens {
  let lens: TestLens | undefined;
  beforeEach(async () => {
    lens = new TestLens(await onPorts("0", "0"));
  });
  afterEach(() => lens?.current.stop());
  return () => {
    if (!lens) throw new Error("there is a lens only while a test runs");
    return lens;
  };
}
