/**
 * Stands between the services and lens and keeps all that passes: an OTLP/HTTP receiver that hands each request on as
 * it came, and answers what lens answered.
 */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { gunzipSync } from "node:zlib";
import { logsOf, metricsOf, spansOf } from "./decode.ts";
import type { Emitted, EmittedLog, EmittedMetric, EmittedSpan } from "./judge/emitted.ts";

export interface Tap {
  /** To be used as the services' OTLP endpoint. */
  readonly url: string;
  /** All that has passed so far. */
  readonly emitted: Emitted;
  close(): Promise<void>;
}

/** Listens on a free port of loopback. `to`: lens' OTLP/HTTP address. */
export async function openTap(to: string): Promise<Tap> {
  const [spans, metrics, logs]: [EmittedSpan[], EmittedMetric[], EmittedLog[]] = [[], [], []];
  const keep = (path: string, body: Buffer): void => {
    if (path === "/v1/traces") spans.push(...spansOf(body));
    else if (path === "/v1/metrics") metrics.push(...metricsOf(body));
    else if (path === "/v1/logs") logs.push(...logsOf(body));
    else throw new Error(`no signal of OTLP is sent to ${path}`);
  };
  const server = createServer(async (request, response) => {
    try {
      const sent = await buffer(request);
      const { "content-type": type = "", "content-encoding": encoding = "identity" } = request.headers;
      keep(request.url ?? "", encoding === "gzip" ? gunzipSync(sent) : sent);
      const answer = await fetch(`${to}${request.url}`, {
        method: "POST",
        headers: { "content-type": type, "content-encoding": encoding },
        body: new Uint8Array(sent),
      });
      response.writeHead(answer.status, { "content-type": answer.headers.get("content-type") ?? "" });
      response.end(Buffer.from(await answer.arrayBuffer()));
    } catch (error) {
      response.writeHead(503).end(String(error));
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    emitted: { spans, metrics, logs },
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
