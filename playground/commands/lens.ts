/** `npm run lens`: lens alone, for any application that speaks OTLP. */
import { once } from "node:events";
import { mkdir, rm } from "node:fs/promises";
import path from "node:path";
import { lens as part } from "../../services/topology.ts";
import { type Arguments, type Command, type Io, wholeNumber } from "../command.ts";
import { COPY_DETAILS, COPY_OPTIONS, COPY_USAGE, copyFromArguments } from "../copy.ts";
import { EXIT } from "../exit.ts";
import { Problem } from "../problem.ts";
import { startChild } from "../runner/child.ts";
import { passedOn, throughProxy } from "../runner/environment.ts";
import { checkFree, portOffset, portsFor } from "../runner/ports.ts";
import type { ChildSpec } from "../runner/supervise.ts";
import { reporterOn } from "../terminal/report.ts";

/** lens ends its requests, forwards its queue and makes safe what it was sent. */
const STOP_WITHIN_MS = 10_000;
const LEAST_DISK_MB = 8;
const MAX_PORT = 65_535;
/** Of the state folder: not that of the playground's lens, which may run beside this one. */
const STORE = "lens-alone";

interface Settings {
  readonly port: number;
  readonly httpPort: number;
  readonly grpcPort: number;
  /** Whether what an earlier lens stored is kept. */
  readonly keep: boolean;
  /** Of lens, as environment variables. */
  readonly env: Readonly<Record<string, string>>;
}

/** Port of option `name`; `preset` when it is not given. Throws a Problem `usage`. */
function portOption(args: Arguments, name: string, preset: number): number {
  const port = wholeNumber(args, name, 1) ?? preset;
  if (port > MAX_PORT) throw new Problem("usage", `--${name} takes a port up to ${MAX_PORT}, not ${port}`);
  return port;
}

/** Reads all options before anything listens. Throws a Problem `usage`. */
export function settingsOf(args: Arguments, env: NodeJS.ProcessEnv): Settings {
  const preset = portsFor(portOffset(env.BATON_PORT_OFFSET));
  const [port, httpPort, grpcPort] = [
    portOption(args, "port", preset.lens),
    portOption(args, "http-port", preset.otlpHttp),
    portOption(args, "grpc-port", preset.otlpGrpc),
  ];
  const diskMb = wholeNumber(args, "disk", LEAST_DISK_MB);
  const copy = copyFromArguments(args, [httpPort, grpcPort], env.LENS_FORWARD_URL);
  const own = Object.entries(env).filter((entry): entry is [string, string] => {
    const [name, value] = entry;
    return name.startsWith("LENS_") && Boolean(value);
  });
  return {
    port,
    httpPort,
    grpcPort,
    keep: args.values.keep === true,
    env: {
      ...passedOn(env),
      ...throughProxy(env),
      ...Object.fromEntries(own),
      ...(env.BATON_HOST && { BATON_HOST: env.BATON_HOST }),
      BATON_PORT: String(port),
      LENS_OTLP_HTTP_PORT: String(httpPort),
      LENS_OTLP_GRPC_PORT: String(grpcPort),
      ...(diskMb !== undefined && { LENS_STORE_BYTES: String(diskMb * 1024 * 1024) }),
      ...copy?.settings,
    },
  };
}

const welcome = ({ port, httpPort, grpcPort }: Settings, forwardedTo: string | undefined): string =>
  [
    `look here    http://127.0.0.1:${port}`,
    `send here    http://127.0.0.1:${httpPort} (OTLP/HTTP) or http://127.0.0.1:${grpcPort} (OTLP/gRPC)`,
    `for example  OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:${httpPort} node your-app.js`,
    ...(forwardedTo ? [`sent on to   ${forwardedTo}`] : []),
    "",
  ].join("\n");

async function serve(settings: Settings, io: Io): Promise<void> {
  const { port, httpPort, grpcPort, keep, env } = settings;
  await checkFree([
    ["lens", port],
    ["OTLP/HTTP", httpPort],
    ["OTLP/gRPC", grpcPort],
  ]);
  const logs = path.join(io.dir, "logs");
  await mkdir(logs, { recursive: true });
  const store = path.join(io.dir, STORE);
  // A folder that somebody names is theirs.
  if (!env.LENS_DATA_DIR && !keep) await rm(store, { recursive: true, force: true });
  const spec: ChildSpec = {
    name: part.name,
    command: process.execPath,
    args: [part.entry],
    env: { LENS_DATA_DIR: store, ...env },
    cwd: io.root,
    logFile: path.join(logs, "lens-alone.log"),
    stopWithinMs: STOP_WITHIN_MS,
  };
  const isReady = async (signal: AbortSignal): Promise<true | undefined> => {
    const response = await fetch(`http://127.0.0.1:${port}${part.ready}`, { signal });
    await response.body?.cancel();
    return response.ok || undefined;
  };
  const report = reporterOn(io.err);
  const { child } = await startChild(spec, isReady, { report, signal: io.signal });
  io.out.write(welcome(settings, URL.parse(env.LENS_FORWARD_URL ?? "")?.origin));
  if (!io.signal.aborted) await once(io.signal, "abort");
  await child.stop();
}

export const lens: Command = {
  name: "lens",
  summary: "Runs lens alone, for any application that speaks OTLP, until Ctrl-C.",
  usage: `[-- --port <n>] [--disk <MB>] [--keep] [${COPY_USAGE}]`,
  details: [
    "  --port         the page and the query API; 4000 without it",
    "  --http-port    where OTLP/HTTP is taken; 4318 without it",
    "  --grpc-port    where OTLP/gRPC is taken; 4317 without it",
    "  --disk         megabytes of disk for what is stored; 256 without it",
    "  --keep         what an earlier one stored is there again; without it, it begins empty",
    ...COPY_DETAILS,
    "",
    "  Told nothing, lens reads any application's telemetry by OpenTelemetry's conventions. What it can be told of yours:",
    "  LENS_EDGES, services at whose SERVER spans all journeys begin; LENS_INDEX, attributes that journeys are found by and",
    "  shown with, as an order's id; LENS_LINK_REASON, the attribute of a link that says why it is there (creation,",
    "  previous_attempt, caller); LENS_CONSUMERS, who must have a message before its journey is settled",
    "  (destination=group+group,...).",
    "",
    "  BATON_PORT_OFFSET moves the ports. The LENS_ variables work here, too; LENS_FORWARD_HEADERS keeps a key out of",
    "  the list of processes, LENS_DATA_DIR names the store's folder, LENS_STORE_HOURS says how long it keeps what is not",
    "  added to (72). The page and the queries answer names of this machine, and those in LENS_HOSTS; pages of other",
    "  machines may send when LENS_OTLP_ORIGINS names their origins.",
  ].join("\n"),
  example:
    "npm run lens\nnpm run lens -- --disk 1024 --keep --otlp https://example.com:4318 --otlp-header api-key=abc",
  statuses: { [EXIT.ok]: "it ran until it was asked to stop" },
  options: {
    port: { type: "string" },
    "http-port": { type: "string" },
    "grpc-port": { type: "string" },
    disk: { type: "string" },
    keep: { type: "boolean" },
    ...COPY_OPTIONS,
  },
  positionals: { least: 0, most: 0, what: "" },
  async run(args, io) {
    await serve(settingsOf(args, io.env), io);
    return EXIT.ok;
  },
};
