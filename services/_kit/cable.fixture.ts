/** A cable between a client and a server that a test can pull out and put back. */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

export interface Cable {
  /** The server's address, through the cable. */
  readonly url: string;
  /** Breaks every connection; new ones are refused. */
  pull(): Promise<void>;
  putBack(): Promise<void>;
}

/** Lays one to the server at `url`. Pull it when done. */
export async function cableTo(url: string): Promise<Cable> {
  const there = new URL(url);
  const sockets = new Set<Socket>();
  let server: Server | undefined;
  let port = 0;
  const putBack = async (): Promise<void> => {
    server = createServer((near) => {
      const far = connect(Number(there.port), there.hostname);
      for (const [one, other] of [
        [near, far],
        [far, near],
      ] as const) {
        sockets.add(one);
        one.on("error", () => {});
        one.once("close", () => {
          sockets.delete(one);
          other.destroy();
        });
        one.pipe(other);
      }
    }).listen(port, "127.0.0.1");
    await once(server, "listening");
    ({ port } = server.address() as AddressInfo);
  };
  await putBack();
  const through = new URL(url);
  through.hostname = "127.0.0.1";
  through.port = String(port);
  return {
    url: through.toString(),
    putBack,
    pull: async () => {
      if (server === undefined) return;
      const closed = once(server, "close");
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
      server = undefined;
    },
  };
}
