/** `npm start`: starts the whole playground, shows two journeys, and stays until Ctrl-C. */
import { once } from "node:events";
import path from "node:path";
import { type Played, playFirst } from "../clients/play.ts";
import type { Arguments, Command, Io } from "../command.ts";
import {
  COPY_DETAILS,
  COPY_OPTIONS,
  COPY_USAGE,
  copyFromArguments,
  copyFromEnvironment,
  describeCopy,
} from "../copy.ts";
import { EXIT } from "../exit.ts";
import { folders } from "../runner/environment.ts";
import { portOffset, portsFor } from "../runner/ports.ts";
import { type Playground, up } from "../runner/up.ts";
import { stackPortsFor } from "../stack/ports.ts";
import { paintFor, table } from "../terminal/paint.ts";
import { reporterOn } from "../terminal/report.ts";
import { show } from "../terminal/show.ts";
import { checkEnvironment } from "../variables.ts";

/** A playground that is up, its first journeys, and how long each phase took. */
export interface Started {
  readonly playground: Playground;
  /** Empty when the spans do not go to lens. */
  readonly played: readonly Played[];
  readonly firstMs: number;
}

export interface BringUpOptions {
  /** Keeps the data of the last run. */
  readonly keep: boolean;
  /** With the Collector, Jaeger, Prometheus and Grafana. */
  readonly full?: boolean;
  /** The command's own: they may ask for a copy of the telemetry. */
  readonly args: Arguments;
}

/** Starts everything and prints the first two journeys. When a journey fails, the playground is stopped again. */
export async function bringUp(io: Io, { keep, full = false, args }: BringUpOptions): Promise<Started> {
  checkEnvironment(io.env, (line) => io.err.write(`warning: ${line}\n`));
  const report = reporterOn(io.out);
  const offset = portOffset(io.env.BATON_PORT_OFFSET);
  const ports = portsFor(offset);
  const own = [ports.otlpGrpc, ports.otlpHttp];
  const copy = copyFromArguments(args, own) ?? copyFromEnvironment(io.env, own);
  if (copy) report.say(describeCopy(copy));
  const stack = full && { full: stackPortsFor(offset) };
  const playground = await up({ dir: io.dir, ports, keep, ...stack, copy, report, signal: io.signal });
  try {
    if (!playground.reachesLens) {
      io.out.write("The environment turns the spans off: no journeys are shown here.\n");
      return { playground, played: [], firstMs: 0 };
    }
    const first = await playFirst({ urls: playground.urls, report, signal: io.signal });
    for (const { scenario, awaited } of first.played)
      show(scenario.title, awaited.found, io, { hops: scenario.expect.hops });
    return { playground, ...first };
  } catch (error) {
    await playground.stop();
    throw error;
  }
}

/** The addresses, and what to type next. */
function welcome({ urls, ports, stack }: Playground, io: Io): string {
  const paint = paintFor(io.out);
  const place = (name: string): string => path.relative(process.cwd(), path.join(io.dir, name)) || ".";
  const addresses = table([
    ["shop", urls.gateway],
    ["journeys", `${urls.lens}/api/journeys`],
    ...Object.entries(stack),
    ["OTLP", `http://127.0.0.1:${ports.otlpHttp} (HTTP)  http://127.0.0.1:${ports.otlpGrpc} (gRPC)`],
    ["logs", place("logs")],
    ...folders.map((name): [string, string] => [name, place(name)]),
  ]);
  const next = table([
    ["npm run checkout", "another checkout and its journey"],
    ["npm run checkout -- --fault payments.charge:declined", "one whose card is declined"],
    ["npm run trace -- last --logs", "the last one again, with its log lines"],
    ["npm run status", "what runs"],
  ]);
  return `\n${paint("bold", "The playground is up")}\n${addresses}\n\n${paint("bold", "Next, in another terminal")}\n${next}\n\nCtrl-C stops it.\n`;
}

/** Stops the playground, and says so. */
export async function bringDown(playground: Playground, io: Io): Promise<void> {
  await playground.stop();
  io.out.write("stopped; nothing is left running\n");
}

export const start: Command = {
  name: "start",
  summary: "Starts the whole playground, shows a good and a declined checkout, and stays until Ctrl-C.",
  usage: `[-- --full --keep ${COPY_USAGE}]`,
  details: [
    "  --full   with the OpenTelemetry Collector, Jaeger and Prometheus, and Grafana where it is installed; what is",
    "           not on the PATH is built once with Go, or unpacked from this machine's packages, into your cache folder",
    "  --keep   keep the orders, streams, queues, telemetry and logs of the last run; otherwise it begins empty",
    "",
    ...COPY_DETAILS,
    "  Without --otlp the standard OTEL_EXPORTER_OTLP_ENDPOINT asks for the same, with its protocol, headers and files.",
  ].join("\n"),
  example:
    "npm start\nBATON_PORT_OFFSET=100 npm start -- --keep\nnpm start -- --otlp https://example.com:4317 --otlp-protocol grpc --otlp-header api-key=abc",
  statuses: {
    [EXIT.ok]: "it ran until it was asked to stop, and all of it has stopped",
    [EXIT.failed]: "it could not start; the message says why, and nothing is left running",
  },
  options: { full: { type: "boolean" }, keep: { type: "boolean" }, ...COPY_OPTIONS },
  positionals: { least: 0, most: 0, what: "" },
  async run(args, io) {
    const { values } = args;
    const { playground } = await bringUp(io, {
      keep: values.keep === true,
      full: values.full === true,
      args,
    });
    io.out.write(welcome(playground, io));
    if (!io.signal.aborted) await once(io.signal, "abort");
    await bringDown(playground, io);
    return EXIT.ok;
  },
};
