/** `/healthz` and `/readyz` for a service without another server. */
import { createServer } from "node:http";
import { answerProbe } from "../http/app.ts";
import type { Listening } from "../http/listen.ts";

/** Serves on `host`:`port` (0: a free one) until closed. */
export async function serveProbes(
  host: string,
  port: number,
  ready: () => Promise<void>,
): Promise<Listening> {
  const server = createServer((request, response) => {
    if (answerProbe(request.url, response, ready)) return;
    response.writeHead(404).end();
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => resolve());
  });
  const address = server.address();
  const bound = typeof address === "object" && address ? address.port : port;
  return {
    port: bound,
    url: `http://${host}:${bound}`,
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}
