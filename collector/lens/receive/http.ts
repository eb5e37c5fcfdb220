/**
 * OTLP/HTTP: `POST /v1/traces`, `/v1/logs` and `/v1/metrics`, protobuf or JSON, gzip or not. Answers in the
 * request's encoding: the export response, or a google.rpc.Status that says why not.
 *
 * Source: https://opentelemetry.io/docs/specs/otlp/#otlphttp
 */
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { maySend } from "../access.ts";
import { SIGNALS, type Signal } from "../counts.ts";
import { patientServer } from "../listen.ts";
import { OtlpError } from "../otlp/error.ts";
import {
  exportResponse,
  exportResponseJson,
  FAILED,
  FOREIGN,
  NOT_FOUND,
  REFUSALS,
  type Refusal,
  rpcStatus,
  rpcStatusJson,
  WRONG_METHOD,
} from "./answer.ts";
import { corsHeaders, preflightHeaders } from "./cors.ts";
import type { Accepted } from "./intake.ts";
import type { Receiving } from "./receiving.ts";

type Encoding = "protobuf" | "json";

/** A server that is not listening yet. */
export function otlpHttpServer(receiving: Receiving): Server {
  return patientServer(receiving.headersMs, (request, response) => {
    answer(request, response, receiving).catch((error: unknown) => {
      receiving.log.error({ err: error }, "an export request failed in lens itself");
      if (response.headersSent) response.destroy();
      else refuse(response, FAILED, "json", "lens failed to take the request");
    });
  });
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  receiving: Receiving,
): Promise<void> {
  const path = (request.url ?? "").split("?", 1)[0];
  const signal = SIGNALS.find((name) => path === `/v1/${name}`);
  const encoding = encodingOf(request.headers["content-type"] ?? "");
  const { origin } = request.headers;
  // What is not read is thrown away as it comes, so that the sender gets to the answer.
  response.once("finish", () => request.resume());
  if (!signal) return refuse(response, NOT_FOUND, encoding ?? "json", "there is no such endpoint");
  if (!maySend(origin, receiving.origins))
    return refuse(response, FOREIGN, encoding ?? "json", "pages of this origin may not send");
  for (const [name, value] of Object.entries(corsHeaders(origin))) response.setHeader(name, value);
  if (request.method === "OPTIONS" && origin !== undefined) {
    response.writeHead(204, preflightHeaders(request.headers)).end();
    return;
  }
  if (request.method !== "POST") {
    response.setHeader("allow", "POST");
    return refuse(response, WRONG_METHOD, encoding ?? "json", "use POST");
  }
  try {
    const accepted = await take(request, signal, encoding, receiving);
    if (encoding === "protobuf") send(response, 200, encoding, exportResponse(accepted));
    else send(response, 200, "json", jsonBody(exportResponseJson(signal, accepted)));
  } catch (error) {
    if (!(error instanceof OtlpError)) throw error;
    // What is still to come is not waited for.
    if (error.code === "slow") response.setHeader("connection", "close");
    refuse(response, REFUSALS[error.code], encoding ?? "json", error.message);
  }
}

async function take(
  request: IncomingMessage,
  signal: Signal,
  encoding: Encoding | null,
  { intake, bodies }: Receiving,
): Promise<Accepted> {
  return intake.counted(signal, async () => {
    if (!encoding) throw new OtlpError("unsupported_type", "use application/x-protobuf or application/json");
    const gzip = isGzip(request.headers["content-encoding"]);
    const declaredBytes = Number(request.headers["content-length"]);
    return bodies.read(request, { declaredBytes, open: (bytes) => ({ bytes, gzip }) }, (body, hold) =>
      intake[encoding](signal, body, hold),
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

function refuse(response: ServerResponse, refusal: Refusal, encoding: Encoding, message: string): void {
  if (refusal.retryAfterS !== null) response.setHeader("retry-after", String(refusal.retryAfterS));
  const body = encoding === "json" ? jsonBody(rpcStatusJson(refusal, message)) : rpcStatus(refusal, message);
  send(response, refusal.http, encoding, body);
}

const jsonBody = (value: object): Buffer => Buffer.from(JSON.stringify(value));

function send(response: ServerResponse, status: number, encoding: Encoding, body: Buffer): void {
  const type = encoding === "json" ? "application/json" : "application/x-protobuf";
  response.writeHead(status, { "content-type": type, "content-length": body.length }).end(body);
}
