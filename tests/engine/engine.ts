/**
 * A Docker engine for tests: the one that runs on this machine, else our own from Debian's packages. Our own runs in
 * its own network namespace and writes only to one folder. Nothing is installed, and nothing is left behind.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readFile, rm, symlink } from "node:fs/promises";
import { connect, createServer, type Server } from "node:net";
import os from "node:os";
import path from "node:path";
import { isFree } from "../../playground/runner/ports.ts";
import { eventually } from "../fixtures.ts";
import { patient } from "../patience.ts";
import { unpacked } from "./packages.ts";
import { output } from "./run.ts";

const ENGINE_PACKAGES = ["docker.io", "iptables", "busybox-static"] as const;

export interface Engine {
  /** The environment for `docker` and Compose. */
  readonly env: NodeJS.ProcessEnv;
  /** Our own engine cannot pull images, so it needs stand-ins: the folder with their programs. Null otherwise. */
  readonly tree: string | null;
  readonly version: string;
  /** Forwards our 127.0.0.1:`port` to that of the engine, for each port. */
  open(ports: readonly number[]): Promise<void>;
  /** Ends everything that was started here, and resolves when it is gone. */
  stop(): Promise<void>;
}

const ask = (env: NodeJS.ProcessEnv): Promise<string> =>
  output("docker", ["version", "--format", "{{.Server.Version}}"], { env, timeoutMs: patient(10_000) }).then(
    (text) => text.trim(),
  );

/** The engine, or why there is none. */
export async function startEngine(): Promise<Engine | string> {
  const running = await ask(process.env).catch(() => "");
  if (running !== "") {
    const nothing = async (): Promise<void> => {};
    return { env: process.env, tree: null, version: running, open: nothing, stop: nothing };
  }
  if (process.platform !== "linux" || process.getuid?.() !== 0)
    return "no Docker engine runs here, and only root on Linux can start one by hand";
  const tree = await unpacked(ENGINE_PACKAGES);
  if (tree === null) return "no Docker engine runs here, and there is no apt to take one from";
  return startOwn(tree);
}

async function startOwn(tree: string): Promise<Engine | string> {
  const home = await mkdtemp(path.join(os.tmpdir(), "baton-engine-"));
  const namespace = path.basename(home);
  const undo: (() => Promise<unknown>)[] = [() => rm(home, { recursive: true, force: true })];
  const stop = async (): Promise<void> => {
    for (const one of undo.splice(0).toReversed()) await one();
  };
  try {
    const bin = path.join(home, "bin");
    await mkdir(bin);
    // Links that Debian's update-alternatives would make when the packages are installed.
    for (const name of ["iptables", "ip6tables"])
      await symlink(path.join(tree, "usr/sbin/xtables-nft-multi"), path.join(bin, name));
    const libraries = path.join(tree, "usr/lib/x86_64-linux-gnu");
    const env = {
      ...process.env,
      PATH: [bin, `${tree}/usr/sbin`, `${tree}/usr/bin`, process.env.PATH, "/usr/sbin:/sbin"].join(":"),
      LD_LIBRARY_PATH: libraries,
      XTABLES_LIBDIR: path.join(libraries, "xtables"),
    };
    await output("ip", ["netns", "add", namespace]);
    undo.push(() => output("ip", ["netns", "delete", namespace]));
    const enter = `--net=/run/netns/${namespace}`;
    await output("nsenter", [enter, "ip", "link", "set", "lo", "up"]);
    const socket = `unix://${home}/docker.sock`;
    const places = ["--data-root", `${home}/data`, "--exec-root", `${home}/exec`, "-p", `${home}/pid`];
    const daemon = spawn("nsenter", [enter, "dockerd", ...places, "-H", socket], {
      env,
      stdio: ["ignore", "pipe", "pipe"],
    });
    const log = tailOf(daemon);
    undo.push(() => ended(daemon));
    const client = { ...process.env, PATH: `${process.env.PATH}:${tree}/usr/bin`, DOCKER_HOST: socket };
    const version = await eventually("the Docker engine to answer", async () => {
      if (daemon.exitCode !== null) return "";
      return ask(client).catch(() => undefined);
    });
    if (version === "") {
      await stop();
      return `the Docker engine does not start here: ${log()}`;
    }
    const open = (ports: readonly number[]) => forwardPorts(home, enter, ports, undo);
    return { env: client, tree, version, open, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The end of a process' output. */
function tailOf(child: ChildProcess): () => string {
  let said = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on("data", (chunk: Buffer) => {
      said = (said + chunk).slice(-2_000);
    });
  }
  return () => said.trim();
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  child.kill("SIGTERM");
  await gone;
}

/** Forwards ports into the namespace by socket files, which all namespaces share: port here, file, port there. */
async function forwardPorts(
  home: string,
  enter: string,
  ports: readonly number[],
  undo: (() => Promise<unknown>)[],
): Promise<void> {
  for (const port of ports) if (!(await isFree(port))) throw new Error(`port ${port} is taken`);
  const folder = await mkdtemp(path.join(home, "doors-"));
  const script = path.join(import.meta.dirname, "inside.ts");
  const args = [enter, process.execPath, script, folder, ...ports.map(String)];
  const inside = spawn("nsenter", args, { stdio: ["pipe", "pipe", "inherit"] });
  undo.push(() => ended(inside));
  await once(inside.stdout, "data");
  const servers = await Promise.all(
    ports.map(async (port) => {
      const server = createServer((outside) => {
        const through = connect(path.join(folder, String(port)));
        outside.pipe(through).pipe(outside);
        outside.on("error", () => through.destroy());
        through.on("error", () => outside.destroy());
      });
      server.listen(port, "127.0.0.1");
      await once(server, "listening");
      return server;
    }),
  );
  undo.push(() => Promise.all(servers.map(closed)));
}

const closed = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve());
    // Open connections end with the namespace's side.
    server.unref();
  });

/** Resident memory, in MB, of all processes of a container, from its cgroup. */
export async function memoryMb(engine: Engine, container: string): Promise<number> {
  const id = (
    await output("docker", ["inspect", "-f", "{{.Id}} {{.State.Pid}}", container], { env: engine.env })
  )
    .trim()
    .split(" ");
  const groups = await readFile(`/proc/${id[1]}/cgroup`, "utf8");
  const v1 = /^\d+:(?:[^:]*,)?memory(?:,[^:]*)?:(.+)$/m.exec(groups)?.[1];
  const v2 = /^0::(.+)$/m.exec(groups)?.[1];
  const file = v1 ? `/sys/fs/cgroup/memory${v1}/memory.stat` : `/sys/fs/cgroup${v2}/memory.stat`;
  const stat = await readFile(file, "utf8");
  // Without the page cache, which the kernel takes back when it needs it.
  const bytes = /^(?:total_rss|anon) (\d+)$/m.exec(stat)?.[1];
  if (bytes === undefined) throw new Error(`no memory figure in ${file}`);
  return Number(bytes) / 1024 / 1024;
}
