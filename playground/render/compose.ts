/** The blocks of compose.yaml and of its scaled form that repeat services/topology.ts. */
import { heapFlags, type Service, urlVariable } from "../../services/declare.ts";
import { lensConsumers, lensEdges } from "../../services/topology.ts";

/** The variable with each server's address between containers. */
const SERVERS = {
  nats: () => "BATON_NATS_URL: nats://baton:baton@nats:4222",
  redis: () => "BATON_REDIS_URL: redis://:baton@redis:6379",
  postgres: (name: string) =>
    `BATON_POSTGRES_URL: postgres://baton_${name}:baton_${name}@postgres:5432/baton_${name}`,
} as const satisfies Record<Service["servers"][number], (name: string) => string>;

/** Folders in a container that a service may write to. */
const FOLDERS = "/var/lib/baton";

const indent = (spaces: number, lines: readonly string[]): string[] =>
  lines.map((line) => `${" ".repeat(spaces)}${line}`);

/** Addresses of all services, and lens' settings about them, as anchors. */
export function shared(services: readonly Service[]): string[] {
  return [
    "x-addresses: &addresses",
    ...indent(
      2,
      services.map(({ name, port }) => `${urlVariable(name)}: http://${name}:${port}`),
    ),
    "# Where journeys begin.",
    `x-edges: &edges ${lensEdges(services)}`,
    "# The consumers of each event: a journey is settled when all of them have handled it.",
    "x-consumers: &consumers >-",
    ...indent(2, lensConsumers(services).split(/(?<=,) /)),
  ];
}

/** One container for each service. */
export const containers = (services: readonly Service[]): string[] =>
  services.flatMap((service, i) => [...(i > 0 ? [""] : []), ...indent(2, container(service))]);

function container(service: Service): string[] {
  const { name, port, entry, ready, memory, folders, servers, calls } = service;
  const flags = heapFlags(memory).join(" ");
  const volumes = Object.values(folders).map((folder) => `${folder}:${FOLDERS}/${folder}`);
  const starts = (names: readonly string[], condition: string): string[] =>
    names.map((other) => `${other}: { condition: ${condition} }`);
  return [
    `${name}:`,
    ...indent(2, [
      "<<: *service",
      `command: ${flags} --import ./services/_kit/sdk/start.ts ${entry}`,
      `mem_limit: ${memory.limitMb}m`,
      "environment:",
      ...indent(2, environment(service)),
      `ports: ["127.0.0.1:\${BATON_${name.toUpperCase()}_PORT:-${port}}:${port}"]`,
      ...(volumes.length > 0 ? [`volumes: [${volumes.map((volume) => `"${volume}"`).join(", ")}]`] : []),
      `healthcheck: { <<: *watched, test: [CMD, wget, -q, -O, /dev/null, "http://127.0.0.1:${port}${ready}"] }`,
      "depends_on:",
      ...indent(2, [
        ...starts(["collector"], "service_started"),
        ...starts(servers, "service_healthy"),
        ...starts(calls, "service_started"),
      ]),
    ]),
  ];
}

function environment({ name, port, servers, edge, settings, folders }: Service): string[] {
  return [
    "<<: *environment",
    `BATON_SERVICE: ${name}`,
    `BATON_PORT: "${port}"`,
    ...servers.map((server) => SERVERS[server](name)),
    ...(edge
      ? ["# The public edge: here the correlation id is decided and foreign baggage ends.", 'BATON_EDGE: "1"']
      : []),
    ...Object.keys(settings).map((variable) => `${variable}:`),
    ...Object.entries(folders).flatMap(([variable, folder]) => [
      `# See its files with \`docker compose exec ${name} ls ${FOLDERS}/${folder}\`.`,
      `${variable}: ${FOLDERS}/${folder}`,
    ]),
  ];
}

/** What the scaled form changes in each service. */
export const replicas = (services: readonly Service[]): string[] =>
  services.flatMap((service) => indent(2, twice(service)));

function twice({ name, port, edge, servers }: Service): string[] {
  const streams = servers.includes("nats");
  if (!edge) return [`${name}: ${streams ? "*streaming" : "*twice"}`];
  return [
    `${name}:`,
    ...indent(2, [
      "# The public port is the first replica's, the one above it the second's: two edges, as behind a load balancer.",
      `ports: !override ["127.0.0.1:\${BATON_${name.toUpperCase()}_PORTS:-${port}-${port + 1}}:${port}"]`,
      ...(streams ? ['environment: { BATON_NATS_REPLICAS: "3" }'] : []),
      "deploy: { replicas: 2 }",
    ]),
  ];
}
