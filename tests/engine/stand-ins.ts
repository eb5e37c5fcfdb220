/**
 * Stand-ins for the official images, under their names, where none can be pulled: busybox, and the real program from
 * this machine with its libraries. Users, folders with their owners and modes, and the entry point are as in the
 * official image, because compose.yaml relies on them.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmod,
  chown,
  copyFile,
  cp,
  mkdir,
  mkdtemp,
  readFile,
  realpath,
  rm,
  symlink,
  writeFile,
} from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { cacheDir, fetchWithApt, findCached } from "../../playground/provide/apt.ts";
import { findPostgres } from "../../playground/provide/postgres.ts";
import { findProgram, foldersOf, type Program } from "../../playground/provide/program.ts";
import { findStackProgram } from "../../playground/stack/program.ts";
import { silent } from "../../playground/terminal/report.ts";
import { patient } from "../patience.ts";
import type { Engine } from "./engine.ts";
import { output } from "./run.ts";

const root = path.dirname(path.dirname(import.meta.dirname));
const never = new AbortController().signal;
const APPLETS = "sh cat chown chmod cp find grep id ls mkdir nc ps rm sed sleep wget".split(" ");

/** An image that is being made. */
class Image {
  readonly folder: string;
  private constructor(folder: string) {
    this.folder = folder;
  }

  static async begin(tree: string, work: string): Promise<Image> {
    const image = new Image(await mkdtemp(path.join(work, "image-")));
    await chmod(image.folder, 0o755);
    await image.program(path.join(tree, "bin/busybox"), "bin/busybox");
    for (const applet of APPLETS) await symlink("busybox", image.at("bin", applet));
    await image.write("etc/passwd", "root:x:0:0::/root:/bin/sh\nuser:x:999:999::/tmp:/bin/sh\n");
    await image.own("tmp", 0, 0, 0o1777);
    return image;
  }

  at(...parts: string[]): string {
    return path.join(this.folder, ...parts);
  }

  async write(file: string, text: string, mode = 0o644): Promise<void> {
    await mkdir(path.dirname(this.at(file)), { recursive: true });
    await writeFile(this.at(file), text);
    await chmod(this.at(file), mode);
  }

  async own(folder: string, uid: number, gid: number, mode = 0o755): Promise<void> {
    await mkdir(this.at(folder), { recursive: true });
    await chown(this.at(folder), uid, gid);
    await chmod(this.at(folder), mode);
  }

  /** Copies a program, and its libraries to the paths where its loader will look for them. */
  async program(from: string, to: string, libraryPath = ""): Promise<void> {
    await mkdir(path.dirname(this.at(to)), { recursive: true });
    await copyFile(await realpath(from), this.at(to));
    await chmod(this.at(to), 0o755);
    const env = { ...process.env, ...(libraryPath && { LD_LIBRARY_PATH: libraryPath }) };
    // Fails for a static program, which needs no libraries.
    const listed = await output("ldd", [from], { env }).catch(() => "");
    for (const [, library = ""] of listed.matchAll(/(?:=> |^\s*)(\/\S+)/gm)) {
      const name = path.basename(library);
      const place = name.startsWith("ld-") ? library : `/usr/lib/${name}`;
      await mkdir(path.dirname(this.at(place)), { recursive: true });
      await copyFile(await realpath(library), this.at(place));
      await chmod(this.at(place), 0o755);
    }
  }

  async finish(engine: Engine, name: string, changes: readonly string[] = []): Promise<void> {
    const change = ["ENV PATH=/usr/local/bin:/usr/bin:/bin", ...changes];
    const flags = change.flatMap((line) => ["--change", line]);
    const tar = spawn("tar", ["-C", this.folder, "-c", "."], { stdio: ["ignore", "pipe", "inherit"] });
    const load = spawn("docker", ["import", ...flags, "-", name], {
      env: engine.env,
      stdio: [tar.stdout, "ignore", "inherit"],
    });
    const [code] = await once(load, "close");
    if (code !== 0) throw new Error(`docker import of ${name} ended with ${code}`);
    await rm(this.folder, { recursive: true, force: true });
  }
}

async function server(name: "nats" | "redis"): Promise<Program> {
  const cache = cacheDir(process.env);
  const look = async () =>
    (await findProgram(name, foldersOf(process.env.PATH ?? ""))) ?? (await findCached(name, cache));
  const found = await look();
  if (found) return found;
  await fetchWithApt([name], cache, process.env, AbortSignal.timeout(patient(180_000)));
  const fetched = await look();
  if (!fetched) throw new Error(`${name} is not available here`);
  return fetched;
}

/**
 * The Dockerfile's base image. The engine's containers cannot reach a registry, so the machine's npm installs the
 * packages by the Dockerfile's own command, and the image's `npm` only copies them.
 */
async function node(image: Image, work: string): Promise<void> {
  const command = /^RUN (npm ci .*)$/m.exec(await readFile(path.join(root, "Dockerfile"), "utf8"))?.[1];
  if (command === undefined) throw new Error("the Dockerfile installs no packages");
  const packages = path.join(work, "packages");
  await mkdir(packages);
  for (const file of ["package.json", "package-lock.json", ".npmrc"])
    await copyFile(path.join(root, file), path.join(packages, file));
  await output("sh", ["-c", command], { cwd: packages });
  await cp(path.join(packages, "node_modules"), image.at("installed/node_modules"), {
    recursive: true,
    verbatimSymlinks: true,
  });
  const refuse = `[ "npm $*" = ${JSON.stringify(command)} ] || { echo "stand-in npm knows no: $*" >&2; exit 1; }`;
  await image.write("usr/local/bin/npm", `#!/bin/sh\n${refuse}\ncp -a /installed/node_modules .\n`, 0o755);
  await image.program(process.execPath, "usr/local/bin/node");
}

/** Like the official image's entry point, but for a server without psql: it runs SQL in single-user mode. */
const POSTGRES_ENTRY = `#!/bin/sh
set -e
export PGDATA=/var/lib/postgresql/18/docker
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  mkdir -p "$PGDATA"
  printf %s "$POSTGRES_PASSWORD" > /tmp/password
  initdb --no-sync --auth=scram-sha-256 --encoding=UTF8 --locale=C --username="$POSTGRES_USER" --pwfile=/tmp/password
  echo "host all all all scram-sha-256" >> "$PGDATA/pg_hba.conf"
  echo "listen_addresses = '*'" >> "$PGDATA/postgresql.conf"
  echo "CREATE DATABASE \\"$POSTGRES_DB\\"" | postgres --single -D "$PGDATA" postgres
  for file in /docker-entrypoint-initdb.d/*.sql; do postgres --single -D "$PGDATA" postgres < "$file"; done
fi
exec "$@"
`;

async function postgres(image: Image): Promise<void> {
  const found = await findPostgres(root, foldersOf(process.env.PATH ?? ""));
  if (!found) throw new Error("Postgres is not available here");
  for (const folder of ["share", "lib"])
    await cp(path.join(found.folder, folder), image.at("usr/local", folder), { recursive: true });
  for (const name of ["postgres", "initdb"])
    await image.program(path.join(found.folder, "bin", name), `usr/local/bin/${name}`);
  await image.write("usr/local/bin/docker-entrypoint.sh", POSTGRES_ENTRY, 0o755);
  await image.write(
    "usr/local/bin/pg_isready",
    "#!/bin/sh\nexec nc -w 1 127.0.0.1 5432 < /dev/null\n",
    0o755,
  );
  await image.own("var/lib/postgresql", 999, 999, 0o1777);
  await image.own("var/run/postgresql", 999, 999, 0o3777);
}

/** The programs of the full stack, by their names in compose.yaml. */
const STACK = { collector: "otelcol", jaeger: "jaeger", prometheus: "prometheus", k6: "k6" } as const;
type StackPart = keyof typeof STACK;
export type StackFiles = Readonly<Partial<Record<StackPart, string>>>;

/** Those that are on this machine. None is built here, because that takes many minutes. */
export async function stackFiles(): Promise<StackFiles> {
  const options = { root, dir: path.join(root, ".baton"), env: process.env, report: silent, signal: never };
  const found = await Promise.all(
    Object.entries(STACK).map(
      async ([part, program]) => [part, (await findStackProgram(program, options))?.path] as const,
    ),
  );
  return Object.fromEntries(found.filter(([, file]) => file !== undefined));
}

async function stackPart(image: Image, part: StackPart, file: string): Promise<void> {
  await image.program(file, `usr/local/bin/${part}`);
  if (part === "prometheus") await image.own("prometheus", 65_534, 65_534);
}

/** The parts that always have a stand-in. */
export const STAND_INS = ["nats", "redis", "postgres"] as const;

/** Makes the stand-ins from the programs of `tree` and `stack`. `nameOf` returns the image of a part, or of `node`. */
export async function makeStandIns(
  engine: Engine,
  tree: string,
  stack: StackFiles,
  nameOf: (part: string) => string,
): Promise<void> {
  const work = await mkdtemp(path.join(os.tmpdir(), "baton-stand-ins-"));
  const begin = (): Promise<Image> => Image.begin(tree, work);
  try {
    const base = await begin();
    await node(base, work);
    await base.finish(engine, nameOf("node"));

    const nats = await begin();
    const natsProgram = await server("nats");
    await nats.program(natsProgram.file, "usr/local/bin/nats-server", natsProgram.libraryPath);
    await nats.finish(engine, nameOf("nats"));

    const redis = await begin();
    const redisProgram = await server("redis");
    for (const name of ["redis-server", "redis-cli"]) {
      const file = path.join(path.dirname(redisProgram.file), name);
      await redis.program(file, `usr/local/bin/${name}`, redisProgram.libraryPath);
    }
    await redis.own("data", 999, 1_000);
    await redis.finish(engine, nameOf("redis"), ["WORKDIR /data"]);

    const database = await begin();
    await postgres(database);
    await database.finish(engine, nameOf("postgres"), ['ENTRYPOINT ["docker-entrypoint.sh"]']);

    for (const [part, file] of Object.entries(stack)) {
      const one = await begin();
      await stackPart(one, part as StackPart, file);
      await one.finish(engine, nameOf(part), [`ENTRYPOINT ["/usr/local/bin/${part}"]`]);
    }
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}
