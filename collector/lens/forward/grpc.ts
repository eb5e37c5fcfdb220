/**
 * A backend that speaks OTLP/gRPC: unary calls over HTTP/2, one connection that is made again when it breaks.
 *
 * Source: https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md and
 * https://opentelemetry.io/docs/specs/otlp/#otlpgrpc
 */
import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants } from "node:http2";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { readJson } from "../otlp/json/in.ts";
import { MESSAGE_OF, PATH_OF } from "../otlp/paths.ts";
import { inPieces } from "../pieces.ts";
import {
  type Backend,
  failed,
  harmless,
  type Letter,
  MAX_ANSWER_BYTES,
  type Outcome,
  type Target,
} from "./backend.ts";
import { readResponse, retryDelayMs } from "./partial.ts";
import { isRetryable, isRetryableCode } from "./retry.ts";

const pack = promisify(gzip);
/** A compressed flag and four bytes of length stand before each message. */
const FRAME_BYTES = 5;

interface Answered {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export class GrpcBackend implements Backend {
  readonly #origin: string;
  readonly #tls: Target["tls"];
  #session: ClientHttp2Session | undefined;

  constructor({ url, tls }: Pick<Target, "url" | "tls">) {
    this.#origin = new URL(url).origin;
    this.#tls = tls;
  }

  async send(letter: Letter, target: Target, signal: AbortSignal): Promise<Outcome> {
    try {
      const message = await protobufOf(letter);
      const body = target.gzip ? await pack(message) : message;
      const frame = Buffer.alloc(FRAME_BYTES);
      frame[0] = target.gzip ? 1 : 0;
      frame.writeUInt32BE(body.length, 1);
      return outcomeOf(await this.#call(letter, target, Buffer.concat([frame, body]), signal));
    } catch (error) {
      return failed(error);
    }
  }

  #call(letter: Letter, target: Target, frame: Buffer, signal: AbortSignal): Promise<Answered> {
    const stream = this.#connected().request(
      {
        ...target.headers,
        ":method": "POST",
        ":path": PATH_OF[letter.signal],
        "content-type": "application/grpc",
        te: "trailers",
        "grpc-timeout": `${target.timeoutMs}m`,
        ...(target.gzip && { "grpc-encoding": "gzip" }),
      },
      { signal },
    );
    stream.end(frame);
    return answerOf(stream);
  }

  /** The connection; a new one when there is none, or the last one broke. */
  #connected(): ClientHttp2Session {
    if (this.#session && !this.#session.closed && !this.#session.destroyed) return this.#session;
    const session = connect(this.#origin, this.#tls);
    // A call under way gets the error, too; without a listener the process would end.
    session.on("error", () => session.destroy());
    session.on("goaway", () => session.close());
    session.unref();
    this.#session = session;
    return session;
  }

  close(): void {
    this.#session?.destroy();
  }
}

/** The message as protobuf. */
const protobufOf = async ({ signal, encoding, body }: Letter): Promise<Buffer> =>
  encoding === "protobuf" ? body : inPieces(readJson(MESSAGE_OF[signal], body));

/** Rejects when the connection breaks or the stream ends without headers. */
function answerOf(stream: ClientHttp2Stream): Promise<Answered> {
  const { promise, resolve, reject } = Promise.withResolvers<Answered>();
  const headers: Record<string, string> = {};
  const parts: Buffer[] = [];
  let bytes = 0;
  let status = 0;
  const take = (more: object): void => {
    for (const [name, value] of Object.entries(more)) headers[name] = String(value);
  };
  stream.once("response", (first) => {
    status = Number(first[constants.HTTP2_HEADER_STATUS]);
    take(first);
  });
  stream.once("trailers", take);
  stream.on("data", (part: Buffer) => {
    bytes += part.length;
    if (bytes <= MAX_ANSWER_BYTES) parts.push(part);
    else stream.close(constants.NGHTTP2_CANCEL);
  });
  stream.once("error", reject);
  stream.once("close", () => {
    if (status === 0) reject(new Error("the connection closed before an answer"));
    else resolve({ status, headers, body: Buffer.concat(parts) });
  });
  return promise;
}

function outcomeOf({ status, headers, body }: Answered): Outcome {
  const code = headers["grpc-status"];
  if (code === "0") return readResponse(body.subarray(FRAME_BYTES), false);
  const said = harmless(decode(headers["grpc-message"] ?? ""));
  if (code === undefined) {
    const why = `the backend answered ${status} without a gRPC status`;
    // A stream that was cut has a 200 and no status; a proxy's refusal has its own status.
    const again = status === 200 || isRetryable(status);
    return again ? { kind: "failed", retryAfterMs: null, why } : { kind: "refused", why };
  }
  const why = `the backend answered gRPC status ${harmless(code)}${said ? `: ${said}` : ""}`;
  const delay = retryDelayMs(Buffer.from(headers["grpc-status-details-bin"] ?? "", "base64"));
  return isRetryableCode(Number(code), delay !== null)
    ? { kind: "failed", retryAfterMs: delay, why }
    : { kind: "refused", why };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
