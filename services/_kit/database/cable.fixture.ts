/** A cable between a client and a server. A test can pull it and put it back, or hold it so that nothing passes. */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

export interface Cable {
  /** The server's address, through the cable. */
  readonly url: string;
  /** Breaks every connection; new ones are refused. */
  pull(): Promise<void>;
  putBack(): Promise<void>;
  /** Holds back what the client sends on its open connections, until `letGo`. */
  hold(): void;
  letGo(): void;
}

/** A cable to the server at `url`. Pull it when done. */
export async function cableTo(url: string): Promise<Cable> {
  const there = new URL(url);
  const sockets = new Set<Socket>();
  const pairs = new Map<Socket, Socket>();
  let server: Server | undefined;
  let port = 0;
  const putBack = async (): Promise<void> => {
    server = createServer((near) => {
      const far = connect(Number(there.port), there.hostname);
      pairs.set(near, far);
      for (const [one, other] of [
        [near, far],
        [far, near],
      ] as const) {
        sockets.add(one);
        one.on("error", () => {});
        one.once("close", () => {
          sockets.delete(one);
          pairs.delete(one);
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
    hold: () => {
      for (const [near, far] of pairs) near.unpipe(far);
    },
    letGo: () => {
      for (const [near, far] of pairs) near.pipe(far);
    },
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
