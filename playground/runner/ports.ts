/** The TCP ports of a playground, and the message when one is taken. */
import { createServer } from "node:net";
import { lens, services, ports as sharedPorts } from "../../services/topology.ts";
import { Problem } from "../problem.ts";
import { holderOf } from "./holder.ts";

/** Names that the playground's own code uses; the other services are looked up with `portOf`. */
type KnownName = "gateway" | "lens" | keyof typeof sharedPorts;

/** One port for each part and server, by name. */
export type Ports = Readonly<Record<KnownName, number> & Record<string, number>>;

/** The port of the part or server called `name`. Throws when the topology has none of that name. */
export function portOf(name: string, ports: Ports): number {
  const port = ports[name];
  if (port === undefined) throw new Error(`${name} has no port`);
  return port;
}

const standard: readonly (readonly [string, number])[] = [
  ...services.map((s) => [s.name, s.port] as const),
  ["lens", lens.port],
  ...Object.entries(sharedPorts),
];
const highest = Math.max(...standard.map(([, port]) => port));

/** The greatest `BATON_PORT_OFFSET` with which every port is still valid. */
export const MAX_PORT_OFFSET = 65_535 - highest;

const collect = (entries: Iterable<readonly [string, number]>): Ports => Object.fromEntries(entries) as Ports;

/** The topology's ports, each plus `offset`. */
export const portsFor = (offset: number): Ports =>
  collect(standard.map(([name, port]) => [name, port + offset]));

/** Reads `BATON_PORT_OFFSET`; 0 without it. Throws a Problem unless it is a whole number that keeps all ports valid. */
export function portOffset(text: string | undefined): number {
  if (text === undefined || text.trim() === "") return 0;
  const offset = Number(text);
  if (!/^\d+$/.test(text.trim()) || offset > MAX_PORT_OFFSET) {
    throw new Problem(
      "environment",
      `BATON_PORT_OFFSET must be a whole number from 0 to ${MAX_PORT_OFFSET}, not ${JSON.stringify(text)}`,
    );
  }
  return offset;
}

/** Tries to listen on 127.0.0.1:`port`; true when it is free. */
export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen({ port, host: "127.0.0.1", exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/**
 * Rejects with a Problem that names each taken port of `wanted` and, if the system shows it, the process that holds it.
 */
export async function checkFree(wanted: Iterable<readonly [string, number]>): Promise<void> {
  const taken: string[] = [];
  for (const [name, port] of wanted) {
    if (!(await isFree(port))) taken.push(`  port ${port} (${name}) is held by ${await holderOf(port)}`);
  }
  if (taken.length === 0) return;
  throw new Problem(
    "port_taken",
    `${taken.length === 1 ? "a port is" : "some ports are"} taken:\n${taken.join("\n")}\n` +
      "End that process, or move this playground: BATON_PORT_OFFSET=100 npm start",
  );
}

/**
 * Below Linux' and macOS' ranges for outgoing connections, so that no connection takes a port before its server does.
 * Above the ports of a playground with a small offset, so that tests of both kinds may run at once.
 */
const FREE_FROM = 20_000;
const FREE_TO = 32_000;
const handedOut = new Set<number>();

async function freePort(): Promise<number> {
  for (let tries = 0; tries < 1_000; tries++) {
    const port = FREE_FROM + Math.floor(Math.random() * (FREE_TO - FREE_FROM));
    if (handedOut.has(port) || !(await isFree(port))) continue;
    handedOut.add(port);
    return port;
  }
  throw new Error(`no free port found between ${FREE_FROM} and ${FREE_TO}`);
}

/** Free ports on 127.0.0.1 for a whole playground, none of which this process has handed out before. */
export async function freePorts(): Promise<Ports> {
  const found: [string, number][] = [];
  for (const [name] of standard) found.push([name, await freePort()]);
  return collect(found);
}
