/** A gRPC backend of a test: it says what it is told to, and keeps what arrives. */
import { once } from "node:events";
import { createSecureServer, createServer, type Http2Server, type IncomingHttpHeaders } from "node:http2";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { gunzipSync } from "node:zlib";
import { Writer } from "../otlp/writer.ts";

/** An export response with so many items left out. */
export function partial(rejected: number, message: string): Buffer {
  const writer = new Writer();
  writer.messageField(1, () => {
    writer.varintField(1, rejected);
    writer.bytesField(2, Buffer.from(message));
  });
  return writer.finish();
}

/** google.rpc.Status that asks for a wait, as `grpc-status-details-bin` has it. */
export function asksToWait(seconds: number, nanos: number): string {
  const retry = new Writer();
  retry.messageField(1, () => {
    retry.varintField(1, seconds);
    retry.varintField(2, nanos);
  });
  const writer = new Writer();
  writer.varintField(1, 8);
  writer.messageField(3, () => {
    writer.bytesField(1, Buffer.from("type.googleapis.com/google.rpc.RetryInfo"));
    writer.bytesField(2, retry.finish());
  });
  return writer.finish().toString("base64");
}

export interface Reply {
  /** `grpc-status` and other trailers; without it the stream is cut. */
  readonly trailers?: Readonly<Record<string, string>>;
  readonly message?: Buffer;
  /** HTTP's; then there are no trailers. */
  readonly status?: number;
}

export class GrpcSink {
  readonly arrived: { headers: IncomingHttpHeaders; body: Buffer }[] = [];
  /** In turn; then success. */
  readonly replies: Reply[] = [];
  readonly #server: Http2Server;
  readonly #scheme: string;

  constructor(tls?: { readonly cert: string; readonly key: string }) {
    this.#scheme = tls ? "https" : "http";
    this.#server = tls ? createSecureServer(tls) : createServer();
    this.#server.on("stream", async (stream, headers) => {
      stream.on("error", () => {});
      const frame = await buffer(stream);
      const message = frame.subarray(5);
      this.arrived.push({ headers, body: frame[0] === 1 ? gunzipSync(message) : message });
      const reply = this.replies.shift() ?? { trailers: { "grpc-status": "0" }, message: Buffer.alloc(0) };
      if (reply.status) return stream.respond({ ":status": reply.status }, { endStream: true });
      if (!reply.trailers) return stream.close(2);
      const { message: body = Buffer.alloc(0), trailers } = reply;
      const head = Buffer.alloc(5);
      head.writeUInt32BE(body.length, 1);
      stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
      stream.once("wantTrailers", () => stream.sendTrailers(trailers));
      stream.end(Buffer.concat([head, body]));
    });
  }

  /** Listens on `port`, any without it; resolves to its address. */
  async listen(port = 0): Promise<string> {
    this.#server.listen(port, "127.0.0.1");
    await once(this.#server, "listening");
    return `${this.#scheme}://localhost:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.#server.close();
  }
}
