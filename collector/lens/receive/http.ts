/**
 * OTLP/HTTP: `POST /v1/traces`, `/v1/logs` and `/v1/metrics`, protobuf or JSON, gzip or not. Answers in the
 * request's encoding: the export response, or a google.rpc.Status that says why not.
 *
 * Source: https://opentelemetry.io/docs/specs/otlp/#otlphttp
 */
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Logger } from "pino";
import { SIGNALS, type Signal } from "../counts.ts";
import { HEADERS_MS, patientServer } from "../listen.ts";
import { OtlpError, type RefusalCode } from "../otlp/error.ts";
import { exportResponse, partialSuccess, REJECTED, RPC, RPC_OF, rpcStatus } from "./answer.ts";
import type { BodyReader } from "./body.ts";
import type { Accepted, Intake } from "./intake.ts";

const HTTP_STATUS: Readonly<Record<RefusalCode, number>> = {
  malformed: 400,
  too_large: 413,
  unsupported_type: 415,
  slow: 408,
  busy: 503,
};

type Encoding = "protobuf" | "json";

/** A server that is not listening yet. */
export function otlpHttpServer(
  intake: Intake,
  bodies: BodyReader,
  log: Logger,
  headersMs = HEADERS_MS,
): Server {
  return patientServer(headersMs, (request, response) => {
    answer(request, response, intake, bodies).catch((error: unknown) => {
      log.error({ err: error }, "an export request failed in lens itself");
      if (response.headersSent) response.destroy();
      else sendStatus(response, 500, "json", RPC.internal, "lens failed to take the request");
    });
  });
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  intake: Intake,
  bodies: BodyReader,
): Promise<void> {
  const path = (request.url ?? "").split("?", 1)[0];
  const signal = SIGNALS.find((name) => path === `/v1/${name}`);
  const encoding = encodingOf(request.headers["content-type"] ?? "");
  // What is not read is thrown away as it comes, so that the sender gets to the answer.
  response.once("finish", () => request.resume());
  if (!signal)
    return sendStatus(response, 404, encoding ?? "json", RPC.notFound, "there is no such endpoint");
  if (request.method !== "POST") {
    response.setHeader("allow", "POST");
    return sendStatus(response, 405, encoding ?? "json", RPC.unimplemented, "use POST");
  }
  try {
    sendAccepted(response, signal, encoding ?? "json", await take(request, signal, encoding, intake, bodies));
  } catch (error) {
    if (!(error instanceof OtlpError)) throw error;
    if (error.code === "busy") response.setHeader("retry-after", "1");
    // What is still to come is not waited for.
    if (error.code === "slow") response.setHeader("connection", "close");
    sendStatus(response, HTTP_STATUS[error.code], encoding ?? "json", RPC_OF[error.code], error.message);
  }
}

async function take(
  request: IncomingMessage,
  signal: Signal,
  encoding: Encoding | null,
  intake: Intake,
  bodies: BodyReader,
): Promise<Accepted> {
  return intake.counted(signal, async () => {
    if (!encoding) throw new OtlpError("unsupported_type", "use application/x-protobuf or application/json");
    const gzip = isGzip(request.headers["content-encoding"]);
    const declaredBytes = Number(request.headers["content-length"]);
    return bodies.read(request, { declaredBytes, open: (bytes) => ({ bytes, gzip }) }, (body) =>
      intake[encoding](signal, body),
    );
  });
}

function encodingOf(contentType: string): Encoding | null {
  const type = contentType.split(";", 1)[0]?.trim().toLowerCase();
  if (type === "application/x-protobuf") return "protobuf";
  return type === "application/json" ? "json" : null;
}

function isGzip(contentEncoding = "identity"): boolean {
  const encoding = contentEncoding.trim().toLowerCase();
  if (encoding === "gzip") return true;
  if (encoding === "identity" || encoding === "") return false;
  throw new OtlpError(
    "unsupported_type",
    `content encoding ${encoding} is not supported, use gzip or identity`,
  );
}

function sendAccepted(
  response: ServerResponse,
  signal: Signal,
  encoding: Encoding,
  accepted: Accepted,
): void {
  if (encoding === "protobuf") {
    send(response, 200, encoding, exportResponse(accepted));
    return;
  }
  const partial = partialSuccess(accepted);
  const said = partial && { [REJECTED[signal]]: String(partial.items), errorMessage: partial.why };
  send(response, 200, encoding, jsonBody(said ? { partialSuccess: said } : {}));
}

function sendStatus(
  response: ServerResponse,
  status: number,
  encoding: Encoding,
  code: number,
  message: string,
): void {
  const body = encoding === "json" ? jsonBody({ code, message }) : rpcStatus(code, message);
  send(response, status, encoding, body);
}

const jsonBody = (value: object): Buffer => Buffer.from(JSON.stringify(value));

function send(response: ServerResponse, status: number, encoding: Encoding, body: Buffer): void {
  const type = encoding === "json" ? "application/json" : "application/x-protobuf";
  response.writeHead(status, { "content-type": type, "content-length": body.length }).end(body);
}
