/** HTTP as bytes, to send what no client library would. */
import { once } from "node:events";
import net from "node:net";

/** Sends `bytes` to the server at `port`. Returns everything that it sends until it ends the connection. */
export async function sendRaw(port: number, bytes: string | Buffer): Promise<string> {
  const socket = net.connect({ port, host: "127.0.0.1" });
  const seen: Buffer[] = [];
  socket.on("data", (chunk) => seen.push(chunk));
  socket.on("error", () => {});
  await once(socket, "connect");
  socket.write(bytes);
  if (!socket.closed) await once(socket, "close");
  return Buffer.concat(seen).toString("latin1");
}

/** The parts of the first response in `text`. */
export function parseRaw(text: string): { status: number; type: string | undefined; body: string } {
  const [head = "", ...rest] = text.split("\r\n\r\n");
  return {
    status: Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1]),
    type: /^content-type: (.*)$/im.exec(head)?.[1]?.trim(),
    body: rest.join("\r\n\r\n"),
  };
}
