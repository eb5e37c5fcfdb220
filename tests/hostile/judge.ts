/** What an answer to a hostile request must not be. */
import type { Got } from "../../services/_kit/rpc/door.fixture.ts";
import { fault as faultOfCall } from "../../services/_kit/rpc/door.fixture.ts";
import { LAST_PING, TYPE } from "./frames.ts";
import type { Bytes, Call } from "./requests.ts";
import { type Answer, answerIn, type Heard } from "./talk.ts";

export interface Verdict {
  /** For the report: the status, or how the connection ended. */
  readonly status: string;
  /** What is wrong with it; undefined when nothing is. */
  readonly fault?: string;
}

/** Whether the API declares this 5xx for a method and a path. */
export type Declared = (method: string, path: string, status: number) => boolean;

const STACK = /\bat .+:\d+:\d+|node_modules|\.[jt]s:\d/;
const MOST_CHARS = 16 * 1024;
/** Node answers these by itself, without a body. */
const BY_NODE = [400, 417];
/**
 * What the contracts declare (a service that is away, or too late: orders.proto, AppError), and Connect's own statuses
 * for what is not implemented and for a too low HTTP version. On a busy machine a database may be too late.
 */
const DECLARED_RPC = [501, 503, 504, 505];
const AWAY = ["unavailable", "14", "deadline_exceeded", "4"];

/** An answer of HTTP/1.1 from either door. */
export function judgeBytes(sent: Bytes, { bytes, ended }: Heard, declared: Declared): Verdict {
  const answer = answerIn(bytes);
  if (!ended) return { status: "none", fault: "the server neither answered nor closed the connection" };
  if (!answer?.status) {
    const status = "closed";
    return sent.isBroken ? { status } : { status, fault: "the connection was closed without an answer" };
  }
  const fault = wrongWith(sent, answer, declared);
  return { status: String(answer.status), ...(fault && { fault }) };
}

function wrongWith(sent: Bytes, answer: Answer, declared: Declared): string | undefined {
  const { status, type, body } = answer;
  if (STACK.test(body)) return "a stack trace";
  if (body.length > MOST_CHARS) return `an answer of ${body.length} characters`;
  if (status >= 500) {
    const allowed =
      sent.door === "edge"
        ? status !== 500 && declared(sent.method, sent.path, status)
        : DECLARED_RPC.includes(status);
    if (!allowed) return `${status}: ${body.slice(0, 200)}`;
  }
  if (sent.status !== undefined && status !== sent.status && status < 500)
    return `${status} instead of ${sent.status}: ${body.slice(0, 200)}`;
  if (sent.door === "edge" && status >= 400 && !(body === "" && BY_NODE.includes(status))) {
    if (type !== "application/problem+json") return `${status} of type "${type}"`;
    if (saidIn(body) !== status) return `${status} with the problem ${body.slice(0, 200)}`;
  }
  return undefined;
}

/** The status that problem details state; undefined when they are none. */
function saidIn(body: string): unknown {
  try {
    return (JSON.parse(Buffer.from(body, "latin1").toString()) as { status?: unknown }).status;
  } catch {
    return undefined;
  }
}

/** An answer of an RPC port. */
export function judgeCall({ call, status: wanted }: Call, got: Got): Verdict {
  const status = got.status === undefined ? "closed" : `${got.status}${got.code ? ` ${got.code}` : ""}`;
  const isGood = got.status === 200 && (got.code === undefined || got.code === "0");
  if (AWAY.includes(got.code ?? ""))
    return STACK.test(got.body + got.message) ? { status, fault: "a stack trace" } : { status };
  const fault =
    faultOfCall(call, got) ??
    (wanted === 200 && !isGood ? `${status} instead of an order: ${got.message.slice(0, 200)}` : undefined);
  return { status, ...(fault && { fault }) };
}

/** The frames in `bytes`, without a last one that is cut off. */
function* framesIn(bytes: Buffer): Generator<{ type: number; flags: number; payload: Buffer }> {
  for (let at = 0; at + 9 <= bytes.length; ) {
    const length = bytes.readUIntBE(at, 3);
    if (at + 9 + length > bytes.length) return;
    yield {
      type: bytes.readUInt8(at + 3),
      flags: bytes.readUInt8(at + 4),
      payload: bytes.subarray(at + 9, at + 9 + length),
    };
    at += 9 + length;
  }
}

/** Whether the last ping has been answered: the connection has survived all that was sent. */
export const hasPinged = (bytes: Buffer): boolean =>
  [...framesIn(bytes)].some(
    ({ type, flags, payload }) => type === TYPE.ping && flags === 1 && payload.equals(LAST_PING),
  );

/** `:status 500` as servers write it: by its place in the static table (RFC 7541, appendix A). */
const STATUS_500 = 0x8e;

/** What came back on an HTTP/2 connection of bad frames. HTTP/1.1 comes from a server that has no HTTP/2. */
export function judgeFrames({ bytes, ended }: Heard): Verdict {
  if (!ended) return { status: "none", fault: "the server neither answered nor closed the connection" };
  const http1 = answerIn(bytes)?.status;
  if (http1) {
    const status = String(http1);
    return http1 >= 500 ? { status, fault: `HTTP/1.1 ${status}` } : { status };
  }
  const frames = [...framesIn(bytes)];
  if (frames.some(({ type, payload }) => type === TYPE.headers && payload[0] === STATUS_500))
    return { status: "500", fault: "a stream was answered by 500" };
  if (hasPinged(bytes)) return { status: "still open" };
  return { status: frames.some(({ type }) => type === TYPE.goaway) ? "GOAWAY" : "closed" };
}
