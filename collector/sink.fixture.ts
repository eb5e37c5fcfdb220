/** A backend for tests: takes every HTTP request, unpacks it and keeps it. */
import { createServer, type IncomingMessage } from "node:http";
import { buffer } from "node:stream/consumers";
import { gunzipSync } from "node:zlib";
import { listen, urlOf } from "./lens/listen.ts";
import { unpackSnappy } from "./snappy.fixture.ts";

export interface Received {
  readonly path: string;
  /** Unpacked. */
  readonly body: Buffer;
}

export interface Sink {
  readonly url: string;
  readonly received: readonly Received[];
  stop(): Promise<void>;
}

async function unpacked(request: IncomingMessage): Promise<Buffer> {
  const body = await buffer(request);
  const encoding = request.headers["content-encoding"] ?? "";
  if (encoding === "gzip") return gunzipSync(body);
  if (encoding === "snappy") return unpackSnappy(body);
  if (encoding !== "") throw new Error(`the sink does not know ${encoding}`);
  return body;
}

/**
 * Starts a sink on this port of the loopback; 0 takes any. For a body that it cannot unpack it keeps the error, and
 * answers 500.
 */
export async function startSink(port = 0): Promise<Sink> {
  const received: Received[] = [];
  const server = createServer(async (request, response) => {
    const path = request.url ?? "";
    try {
      received.push({ path, body: await unpacked(request) });
      response.end();
    } catch (error) {
      received.push({ path, body: Buffer.from(String(error)) });
      response.writeHead(500).end();
    }
  });
  const listening = await listen(server, "127.0.0.1", port, "the sink");
  return { url: urlOf(listening), received, stop: () => listening.stop(100) };
}
