/** One TCP connection on which any bytes are sent, and what comes back. */
import net from "node:net";
import { patient } from "../patience.ts";

export interface Heard {
  readonly bytes: Buffer;
  /** False: the server neither answered nor closed the connection, in all the time that it has for that. */
  readonly ended: boolean;
}

/** What may be only a part of a request ends after so long without an answer. */
const END_MS = patient(300);
/** Longer than the timeouts of the servers, the longest of which is 30 s. */
const GIVE_UP_MS = patient(45_000);

/**
 * Sends `bytes` to the server at `port`, and listens until `isDone` or until the server ends the connection. `isPart`:
 * they may be less than the server waits for. Node's server takes back a whole request, too, when its client ends the
 * sending.
 */
export function talk(
  port: number,
  bytes: Buffer,
  { isDone, isPart }: { readonly isDone: (heard: Buffer) => boolean; readonly isPart: boolean },
): Promise<Heard> {
  return new Promise((resolve) => {
    const socket = net.connect({ port, host: "127.0.0.1" });
    const chunks: Buffer[] = [];
    const end = (ended: boolean): void => {
      clearTimeout(halfClose);
      clearTimeout(giveUp);
      socket.destroy();
      resolve({ bytes: Buffer.concat(chunks), ended });
    };
    const halfClose = isPart ? setTimeout(() => socket.end(), END_MS) : undefined;
    const giveUp = setTimeout(() => end(false), GIVE_UP_MS);
    socket.on("data", (chunk: Buffer) => {
      chunks.push(chunk);
      if (isDone(Buffer.concat(chunks))) end(true);
    });
    // A server that refuses a request may close while the rest of it is on its way.
    socket.on("error", () => {});
    socket.on("close", () => end(true));
    socket.write(bytes);
  });
}

export interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
  readonly isWhole: boolean;
}

/** The final answer of HTTP/1.1 in `bytes`; undefined as long as its head has not come whole. */
export function answerIn(bytes: Buffer): Answer | undefined {
  const text = bytes.toString("latin1");
  const end = text.indexOf("\r\n\r\n");
  if (end < 0) return undefined;
  const head = text.slice(0, end);
  const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(head)?.[1] ?? 0);
  const rest = text.slice(end + 4);
  // An interim answer, such as 100 Continue.
  if (status >= 100 && status < 200) return answerIn(Buffer.from(rest, "latin1"));
  const named = (name: string): string | undefined =>
    new RegExp(`^${name}: *(.*)$`, "im").exec(head)?.[1]?.trim();
  const length = named("content-length");
  const isChunked = named("transfer-encoding") === "chunked";
  const body = isChunked ? unchunked(rest) : rest;
  const isWhole = isChunked
    ? rest.endsWith("0\r\n\r\n")
    : length !== undefined && rest.length >= Number(length);
  return { status, type: named("content-type") ?? "", body, isWhole };
}

/** The chunks of a body, put together (RFC 9112, 7.1). */
function unchunked(text: string): string {
  let body = "";
  let at = 0;
  for (;;) {
    const line = text.indexOf("\r\n", at);
    const size = line < 0 ? 0 : Number.parseInt(text.slice(at, line), 16);
    if (!(size > 0)) return body;
    body += text.slice(line + 2, line + 2 + size);
    at = line + 2 + size + 2;
  }
}
