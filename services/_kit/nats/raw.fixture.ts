/** NATS without a client library, to send what no library would. */
import { once } from "node:events";
import { connect } from "node:net";

export interface RawMessage {
  readonly subject: string;
  /** The whole head with its first line; empty for a message without headers. */
  readonly head: Buffer;
  readonly body: Buffer;
}

export interface RawNats {
  /** Sends all, and resolves when the server has read them. */
  send(messages: readonly RawMessage[]): Promise<void>;
  close(): void;
}

/** Connects to `url` with its user and password. */
export async function rawNats(url: string): Promise<RawNats> {
  const { hostname, port, username, password } = new URL(url);
  const socket = connect(Number(port), hostname);
  let heard = "";
  let wake = Promise.withResolvers<void>();
  socket.on("data", (chunk) => {
    heard += chunk.toString("latin1");
    wake.resolve();
  });
  socket.on("error", (err) => wake.reject(err));
  await once(socket, "connect");
  const answer = async (): Promise<void> => {
    while (!heard.includes("PONG")) {
      if (heard.includes("-ERR")) throw new Error(heard);
      wake = Promise.withResolvers();
      await wake.promise;
    }
    heard = "";
  };
  const options = { user: username, pass: decodeURIComponent(password), headers: true, verbose: false };
  socket.write(`CONNECT ${JSON.stringify(options)}\r\nPING\r\n`);
  await answer();
  return {
    send: async (messages) => {
      for (const { subject, head, body } of messages) {
        const size = head.byteLength + body.byteLength;
        const line =
          head.byteLength === 0 ? `PUB ${subject} ${size}` : `HPUB ${subject} ${head.byteLength} ${size}`;
        socket.write(Buffer.concat([Buffer.from(`${line}\r\n`), head, body, Buffer.from("\r\n")]));
      }
      socket.write("PING\r\n");
      await answer();
    },
    close: () => socket.destroy(),
  };
}
