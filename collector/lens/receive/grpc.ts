/**
 * OTLP/gRPC: the Export call of the three signals.
 *
 * Three unary methods whose payload is read elsewhere need only gRPC's framing, which is what stands here. An RPC
 * library would refuse bad frames and oversized messages before any code of ours sees them, so that they could be
 * neither counted nor held against the bound that all receivers share; and connect-node, measured with this set of
 * packages, takes 1,700 to 3,500 calls a second.
 *
 * Source: https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md
 */
import {
  constants,
  createServer,
  type Http2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
} from "node:http2";
import { maySend } from "../access.ts";
import { SIGNALS, type Signal } from "../counts.ts";
import { cutSilent } from "../listen.ts";
import { malformed, OtlpError } from "../otlp/error.ts";
import { PATH_OF } from "../otlp/paths.ts";
import {
  exportResponse,
  FAILED,
  FOREIGN,
  OK,
  REFUSALS,
  type Refusal,
  rpcStatus,
  WRONG_METHOD,
} from "./answer.ts";
import type { Packed } from "./body.ts";
import type { Receiving } from "./receiving.ts";

const PATHS: ReadonlyMap<string, Signal> = new Map(SIGNALS.map((signal) => [PATH_OF[signal], signal]));

/** A sender that trickles its body must not hold memory for ever. */
const IDLE_TIMEOUT_MS = 30_000;
/** A compressed flag and four bytes of length stand before each message. */
const FRAME_BYTES = 5;

/** A clear-text HTTP/2 server that is not listening yet. */
export function otlpGrpcServer(receiving: Receiving): Http2Server {
  const { log, headersMs } = receiving;
  const server = createServer({ settings: { maxConcurrentStreams: 64 } });
  cutSilent(server, headersMs);
  server.on("sessionError", (error) => log.debug({ err: error }, "a gRPC connection broke"));
  server.on("stream", (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
    stream.on("error", (error) => log.debug({ err: error }, "a gRPC call broke"));
    stream.setTimeout(IDLE_TIMEOUT_MS, () => stream.close(constants.NGHTTP2_CANCEL));
    answer(stream, headers, receiving).catch((error: unknown) => {
      log.error({ err: error }, "an export request failed in lens itself");
      refuse(stream, FAILED, "lens failed to take the request");
    });
  });
  return server;
}

async function answer(
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  { intake, bodies, origins }: Receiving,
): Promise<void> {
  if (headers[":method"] !== "POST" || !/^application\/grpc($|[+;])/.test(headers["content-type"] ?? "")) {
    stream.respond(
      { ":status": headers[":method"] === "POST" ? 415 : 405, allow: "POST" },
      { endStream: true },
    );
    stream.resume();
    return;
  }
  const signal = PATHS.get(String(headers[":path"]));
  if (!signal) return refuse(stream, WRONG_METHOD, "there is no such method");
  if (!maySend(headers.origin, origins)) return refuse(stream, FOREIGN, "pages of this origin may not send");
  try {
    const accepted = await intake.counted(signal, async () => {
      const options = { declaredBytes: 0, open: (bytes: Buffer) => unframe(bytes, headers["grpc-encoding"]) };
      return bodies.read(stream, options, (body, hold) => intake.protobuf(signal, body, hold));
    });
    sendMessage(stream, exportResponse(accepted));
  } catch (error) {
    if (!(error instanceof OtlpError)) throw error;
    refuse(stream, REFUSALS[error.code], error.message);
  }
}

/** Takes the one frame of a unary call off its message. */
function unframe(received: Buffer, encoding: unknown): Packed {
  if (received.length < FRAME_BYTES || received.readUInt32BE(1) !== received.length - FRAME_BYTES) {
    throw malformed("the call does not hold exactly one whole message");
  }
  const flag = received[0];
  if (flag === 0) return { bytes: received.subarray(FRAME_BYTES), gzip: false };
  if (flag !== 1) throw malformed("the message's compressed flag is neither 0 nor 1");
  if (encoding === "gzip") return { bytes: received.subarray(FRAME_BYTES), gzip: true };
  throw new OtlpError("unsupported_type", "the only compression that is supported is gzip");
}

const RESPONSE_HEADERS = {
  ":status": 200,
  "content-type": "application/grpc",
  "grpc-accept-encoding": "identity,gzip",
} as const;

function sendMessage(stream: ServerHttp2Stream, message: Buffer): void {
  if (stream.destroyed) return;
  const frame = Buffer.alloc(FRAME_BYTES);
  frame.writeUInt32BE(message.length, 1);
  stream.respond(RESPONSE_HEADERS, { waitForTrailers: true });
  stream.once("wantTrailers", () => stream.sendTrailers({ "grpc-status": String(OK) }));
  stream.end(Buffer.concat([frame, message]));
}

/** A refusal is headers only, which gRPC calls Trailers-Only. `message`: printable ASCII without `%`. */
function refuse(stream: ServerHttp2Stream, refusal: Refusal, message: string): void {
  if (stream.destroyed || stream.headersSent) return;
  const details = rpcStatus(refusal, message).toString("base64").replace(/=+$/, "");
  stream.respond(
    {
      ...RESPONSE_HEADERS,
      "grpc-status": String(refusal.rpc),
      "grpc-message": encodeURI(message),
      ...(refusal.retryAfterS !== null && { "grpc-status-details-bin": details }),
    },
    { endStream: true },
  );
  // What is still to come is thrown away, so that the sender gets to the answer.
  stream.resume();
}
