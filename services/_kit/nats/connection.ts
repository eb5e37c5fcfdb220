/** The connection to a NATS server, for JetStream's adapter (`events/nats/`) and for plain NATS. */
import { connect, errors, type NatsConnection } from "@nats-io/transport-node";
import { AppError } from "../process/errors.ts";

export interface Nats {
  readonly connection: NatsConnection;
  /** Rejects with `unavailable` when the server does not answer. */
  ready(): Promise<void>;
  /** Sends what is under way, then closes. */
  close(): Promise<void>;
}

const CONNECT_WITHIN_MS = 5_000;

const { AuthorizationError, ClosedConnectionError, ConnectionError, RequestError, TimeoutError } = errors;
const LATE = [ClosedConnectionError, ConnectionError, RequestError, TimeoutError];

/** Whether an error means that the server is late, rather than that it refuses. */
export const isLate = (thrown: unknown): boolean =>
  LATE.some((late) => thrown instanceof late) ||
  // The server also refuses a client that takes too long to send its name and password.
  (thrown instanceof AuthorizationError && /timeout/i.test(thrown.message));

/** The server of a URL. */
export function serverOf(url: string): { readonly address: string; readonly port: number } {
  const { hostname, port } = new URL(url);
  return { address: hostname, port: Number(port || 4222) };
}

/**
 * Connects to `url` (nats://[user:password@]host:port) under the client name `name`. Reconnects for ever once
 * connected. Rejects when the first connection fails.
 */
export async function connectNats(url: string, name: string): Promise<Nats> {
  const { username, password } = new URL(url);
  const { address, port } = serverOf(url);
  const connection = await connect({
    servers: `${address}:${port}`,
    name,
    maxReconnectAttempts: -1,
    reconnectTimeWait: 250,
    timeout: CONNECT_WITHIN_MS,
    ...(username === "" ? {} : { user: decodeURIComponent(username), pass: decodeURIComponent(password) }),
  });
  return {
    connection,
    ready: async () => {
      if (connection.isClosed()) throw new AppError("unavailable", "the connection to NATS is closed");
      await connection.rtt().catch((cause: unknown) => {
        throw new AppError("unavailable", "NATS does not answer", { cause });
      });
    },
    close: async () => {
      await connection.drain().catch(() => connection.close());
    },
  };
}
