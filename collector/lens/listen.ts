/** Servers that listen and stop: HTTP/1.1 and HTTP/2 behind one small interface. */
import type { Server } from "node:http";
import type { Http2Server, ServerHttp2Session } from "node:http2";

export interface Listening {
  readonly host: string;
  readonly port: number;
  /** Lets running requests end for `graceMs`, then cuts them off. Resolves when the port is free. */
  stop(graceMs: number): Promise<void>;
}

/** `port`: 0 for any free one. `what` names it in the Error that a taken port gives. */
export async function listen(
  server: Server | Http2Server,
  host: string,
  port: number,
  what: string,
): Promise<Listening> {
  const sessions = new Set<ServerHttp2Session>();
  if (!isHttp1(server)) {
    server.on("session", (session) => {
      sessions.add(session);
      session.once("close", () => sessions.delete(session));
    });
  }
  await new Promise<void>((resolve, reject) => {
    const failed = (cause: Error): void => {
      reject(new Error(`${what} cannot listen on ${host}:${port}: ${cause.message}`, { cause }));
    };
    server.once("error", failed);
    server.listen(port, host, () => {
      server.off("error", failed);
      resolve();
    });
  });
  const address = server.address();
  return {
    host,
    port: typeof address === "object" && address ? address.port : port,
    stop: (graceMs) =>
      new Promise((resolve) => {
        const cut = setTimeout(() => {
          if (isHttp1(server)) server.closeAllConnections();
          for (const session of sessions) session.destroy();
        }, graceMs);
        server.close(() => {
          clearTimeout(cut);
          resolve();
        });
        for (const session of sessions) session.close();
      }),
  };
}

const isHttp1 = (server: Server | Http2Server): server is Server => "closeAllConnections" in server;

/** An http URL; IPv6 addresses in brackets. */
export const urlOf = ({ host, port }: { readonly host: string; readonly port: number }): string =>
  `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
