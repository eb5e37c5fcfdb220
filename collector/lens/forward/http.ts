/**
 * A backend that speaks OTLP/HTTP. Node's own client, because it takes the certificates of a single backend and never
 * follows a redirect, which would take the headers, and so the secrets, to wherever it points.
 *
 * Source: https://opentelemetry.io/docs/specs/otlp/#otlphttp
 */
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { type Backend, failed, type Letter, MAX_ANSWER_BYTES, type Outcome, type Target } from "./backend.ts";
import { readResponse } from "./partial.ts";
import { askedMs, isRetryable } from "./retry.ts";

const pack = promisify(gzip);

export class HttpBackend implements Backend {
  readonly #agent: HttpAgent;
  readonly #request: typeof httpRequest;

  /** `target`: whose scheme and certificates hold for all. `env`: may name a proxy (`NODE_USE_ENV_PROXY=1`). */
  constructor({ url, tls }: Pick<Target, "url" | "tls">, env: NodeJS.ProcessEnv) {
    const proxy = env.NODE_USE_ENV_PROXY === "1" ? { proxyEnv: env } : {};
    const isSecure = new URL(url).protocol === "https:";
    this.#agent = isSecure
      ? new HttpsAgent({ keepAlive: true, ...tls, ...proxy })
      : new HttpAgent({ keepAlive: true, ...proxy });
    this.#request = isSecure ? httpsRequest : httpRequest;
  }

  async send(letter: Letter, target: Target, signal: AbortSignal): Promise<Outcome> {
    try {
      const body = target.gzip ? await pack(letter.body) : letter.body;
      const { status, headers, answer } = await this.#post(body, letter, target, signal);
      if (status >= 200 && status < 300)
        return readResponse(answer, /json/.test(headers["content-type"] ?? ""));
      const why = `the backend answered ${status}`;
      if (!isRetryable(status)) return { kind: "refused", why };
      return { kind: "failed", retryAfterMs: askedMs(headers["retry-after"] ?? null, Date.now()), why };
    } catch (error) {
      return failed(error);
    }
  }

  #post(body: Buffer, { encoding }: Letter, target: Target, signal: AbortSignal) {
    const type = encoding === "json" ? "application/json" : "application/x-protobuf";
    const { promise, resolve, reject } = Promise.withResolvers<{
      status: number;
      headers: IncomingMessage["headers"];
      answer: Buffer;
    }>();
    const request = this.#request(
      target.url,
      {
        method: "POST",
        agent: this.#agent,
        headers: {
          ...target.headers,
          "content-type": type,
          ...(target.gzip && { "content-encoding": "gzip" }),
          "content-length": body.length,
        },
        signal,
      },
      (response) => {
        const parts: Buffer[] = [];
        let bytes = 0;
        const end = (): void =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            answer: Buffer.concat(parts),
          });
        response.on("data", (part: Buffer) => {
          bytes += part.length;
          if (bytes <= MAX_ANSWER_BYTES) parts.push(part);
          else response.destroy();
        });
        response.once("end", end);
        response.once("close", end);
        response.once("error", reject);
      },
    );
    request.once("error", reject);
    request.end(body);
    return promise;
  }

  close(): void {
    this.#agent.destroy();
  }
}
