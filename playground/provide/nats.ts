/** A NATS server with JetStream: a private one, or the one at a given address. */
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { jetstreamManager } from "@nats-io/jetstream";
import { connect, type NatsConnection } from "@nats-io/transport-node";
import { Problem } from "../problem.ts";
import { startChild } from "../runner/child.ts";
import type { Program } from "./program.ts";
import {
  CONNECT_WITHIN_MS,
  type Login,
  type Server,
  type ServerContext,
  type Source,
  STOP_WITHIN_MS,
  serverEnv,
  USER,
} from "./server.ts";
import { isEnough, minimum, parseVersion, versionText } from "./versions.ts";

/** Our streams begin with it, and no others. */
const STREAM_PREFIX = "BATON_";
const DEFAULT_PORT = 4222;

/** Connects to `url`. The client ignores a login in an address, and may even read a password's digits as the port. */
function dial(url: string): Promise<NatsConnection> {
  const { hostname, port, username, password } = new URL(url);
  return connect({
    servers: `${hostname}:${port || DEFAULT_PORT}`,
    timeout: CONNECT_WITHIN_MS,
    reconnect: false,
    ...(username && { user: decodeURIComponent(username), pass: decodeURIComponent(password) }),
  });
}

/** Connects to `url`, asks JetStream for its account and lets `use` work; closes in any case. */
export async function withNats<T>(url: string, use: (connection: NatsConnection) => Promise<T>): Promise<T> {
  const connection = await dial(url);
  try {
    return await use(connection);
  } finally {
    await connection.close();
  }
}

const askVersion = (url: string): Promise<string> =>
  withNats(url, async (connection) => {
    await (await jetstreamManager(connection)).getAccountInfo();
    return connection.info?.version ?? "";
  });

/** Address of the private server. */
export const natsUrl = ({ port, password }: Login): string => `nats://${USER}:${password}@127.0.0.1:${port}`;

/** Starts `program` privately, keeping its streams below `data/nats`. */
export async function startNats(program: Program, from: Source, context: ServerContext): Promise<Server> {
  const store = path.join(context.dir, "data", "nats");
  const config = path.join(context.dir, "data", "nats.conf");
  await mkdir(store, { recursive: true });
  // JSON is valid NATS configuration. The password is in the file because every user can read arguments.
  const settings = {
    server_name: "baton",
    host: "127.0.0.1",
    port: context.port,
    jetstream: { store_dir: store },
    // In seconds. With the default of 2, a client on a busy machine may be refused before it has sent its password.
    authorization: { user: USER, password: context.password, timeout: 30 },
  };
  await writeFile(config, JSON.stringify(settings, null, 2), { mode: 0o600 });
  const url = natsUrl(context);
  const spec = {
    name: "nats",
    command: program.file,
    args: ["-c", config],
    env: serverEnv(program.libraryPath),
    cwd: context.dir,
    logFile: path.join(context.dir, "logs", "nats.log"),
    stopWithinMs: STOP_WITHIN_MS,
  };
  const { child } = await startChild(spec, () => askVersion(url), context);
  return { name: "nats", url, port: context.port, from, version: versionText(program.version), child };
}

/** The server at `url`, checked: it answers, has JetStream and is new enough. Rejects with a Problem. */
export async function givenNats(url: string): Promise<Server> {
  const version = await askVersion(url).catch((cause) => {
    throw new Problem(
      "server_unfit",
      `BATON_NATS_URL: no NATS with JetStream answers there: ${cause.message}`,
      { cause },
    );
  });
  const parsed = parseVersion(version);
  if (!parsed || !isEnough("nats", parsed)) {
    const least = versionText(minimum.nats);
    throw new Problem(
      "server_unfit",
      `BATON_NATS_URL: that server is NATS ${version || "of no known version"}; Baton needs ${least} or later`,
    );
  }
  return {
    name: "nats",
    url,
    port: Number(new URL(url).port || DEFAULT_PORT),
    from: "url",
    version,
    child: null,
  };
}

/** Deletes the streams whose names begin with BATON_, with their consumers, and nothing else. */
export const wipeNats = (url: string): Promise<void> =>
  withNats(url, async (connection) => {
    const { streams } = await jetstreamManager(connection);
    const names: string[] = [];
    for await (const stream of streams.list()) names.push(stream.config.name);
    for (const name of names) if (name.startsWith(STREAM_PREFIX)) await streams.delete(name);
  });
