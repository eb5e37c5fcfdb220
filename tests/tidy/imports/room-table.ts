/**
 * Who may import whom, and which packages. A room is a folder or a file with a row of its own. An import that the row
 * does not allow is a mistake, or needs a new entry here.
 */

export interface Row {
  /** The rooms that this one may import besides itself, or single files of them. */
  readonly rooms: readonly string[];
  /** Packages, and Node's own modules as `node:…`. A `*` at the end stands for the rest of the name. */
  readonly packages: readonly string[];
  /** What to do instead of an import that the row does not allow. */
  readonly remedy: string;
}

/** The room of all tests, fixtures and cases in any folder. It has no row, because they may import everything. */
export const TESTS = "tests";

const KIT = "services/_kit";
const NAMES = `${KIT}/telemetry/conventions.ts`;
/** What the registry says of each metric of the services. */
const INSTRUMENTS = `${KIT}/telemetry/instruments.ts`;
const TOPOLOGY = "services/topology.ts";
const DECLARE = "services/declare.ts";
const CONTRACTS = "services/_contracts";
const SCENARIO = "load/scenario.ts";
const JOURNEY = "collector/lens/journey";

/** The row of a room of the kit, from the names of the rooms and packages that it may import. */
const kit = (rooms: readonly string[], packages: readonly string[]): Row => ({
  rooms: rooms.map((room) => `${KIT}/${room}`),
  packages,
  remedy: "pass in what the kit needs from a service, from the contracts or from a room above it",
});
/** The row of a room of the playground: `rooms` are names of rooms of the playground, `others` are full paths. */
const play = (rooms: readonly string[], others: readonly string[], packages: readonly string[]): Row => ({
  rooms: [...rooms.map((room) => (room === "" ? "playground" : `playground/${room}`)), ...others],
  packages,
  remedy:
    "the playground may import the topology, journeys, scenarios and the public parts of the shop; call a service's API",
});
const data = (rooms: readonly string[]): Row => ({
  rooms,
  packages: [],
  remedy: "keep a declaration pure data",
});

/**
 * A key is a file, or a folder with everything below it. When several keys match a file, the longest is its room. `*`
 * is the name of a service: each service is a room of its own, and none imports another.
 */
export const ROOMS: Readonly<Record<string, Row>> = {
  "services/_contracts": {
    rooms: [],
    packages: ["zod"],
    remedy: "the contracts import none of our files; the code that uses them imports them",
  },
  "services/declare.ts": data([CONTRACTS]),
  "services/topology.ts": data([DECLARE, NAMES]),
  "services/topology-check.ts": data([DECLARE]),
  "services/*": {
    rooms: [
      CONTRACTS,
      DECLARE,
      TOPOLOGY,
      ...["process", "telemetry", "database", "mail", "http", "rpc", "events", "jobs", "service"].map(
        (room) => `${KIT}/${room}`,
      ),
    ],
    packages: [
      "zod",
      "zod-openapi",
      "@bufbuild/protobuf*",
      "@connectrpc/connect",
      ...["async_hooks", "crypto", "fs/promises", "module", "path", "timers/promises"].map(
        (name) => `node:${name}`,
      ),
    ],
    remedy:
      "a service may import the kit, the contracts and itself, and knows another service only by its contract; " +
      "telemetry, brokers, databases and HTTP belong to services/_kit",
  },

  // The kit, bottom up: a room comes after all rooms that it imports.
  "services/_kit/process": kit(
    [],
    ["zod", ...["async_hooks", "crypto", "timers/promises"].map((name) => `node:${name}`)],
  ),
  "services/_kit/telemetry": kit(
    [],
    [
      "@opentelemetry/api",
      "@opentelemetry/core",
      "@opentelemetry/sdk-logs",
      "@opentelemetry/sdk-trace",
      "pino",
    ],
  ),
  "services/_kit/mail": kit(["process"], ["nodemailer", "node:crypto", "node:fs/promises", "node:path"]),
  "services/_kit/nats": kit(["process"], ["@nats-io/transport-node"]),
  "services/_kit/database": kit(["process", "telemetry"], ["pg", "node:fs/promises"]),
  "services/_kit/http": kit(
    ["process", "telemetry"],
    [
      "@hono/node-server*",
      "hono*",
      "@opentelemetry/api",
      "@opentelemetry/core",
      "zod",
      ...["http", "http2", "net", "stream"].map((name) => `node:${name}`),
    ],
  ),
  "services/_kit/sdk": kit(
    ["process", "telemetry", "http"],
    ["@opentelemetry/*", "import-in-the-middle*", "zod", "node:crypto", "node:module"],
  ),
  "services/_kit/rpc": kit(
    ["process", "telemetry", "http"],
    [
      "@connectrpc/*",
      "@bufbuild/protobuf*",
      "@opentelemetry/api",
      ...["async_hooks", "crypto", "http", "http2", "timers/promises"].map((name) => `node:${name}`),
    ],
  ),
  "services/_kit/events": kit(
    ["process", "telemetry", "database"],
    ["@opentelemetry/api", "node:crypto", "node:timers/promises"],
  ),
  "services/_kit/events/nats": kit(
    ["process", "telemetry", "nats", "events"],
    ["@nats-io/*", "@opentelemetry/api", "node:timers/promises"],
  ),
  "services/_kit/jobs": kit(
    ["process", "telemetry", "events"],
    ["bullmq", "ioredis", "@opentelemetry/api", "zod"],
  ),
  "services/_kit/service": kit(
    ["process", "telemetry", "sdk", "database", "http", "rpc", "events", "events/nats", "jobs"],
    ["@bufbuild/protobuf", "@connectrpc/connect", "zod", "node:http"],
  ),

  telemetry: {
    rooms: [],
    packages: ["@opentelemetry/semantic-conventions*", "yaml", "zod", "node:*"],
    remedy: "the registry of names knows nothing of what emits them",
  },

  "collector/lens": {
    rooms: [JOURNEY, NAMES],
    packages: ["hono", "@hono/node-server", "pino", "zod", "node:*"],
    remedy:
      "lens serves any application: it may import no service, and only the names of telemetry from the kit",
  },
  "collector/lens/journey": {
    rooms: [NAMES],
    packages: [],
    remedy: "journeys are pure and run in a browser: hand in what they need",
  },

  load: {
    rooms: [SCENARIO],
    packages: [],
    remedy: "k6 and a browser load scenarios and hops: they import nothing outside load/, not even Node",
  },
  "load/scenarios": {
    rooms: ["load", SCENARIO],
    packages: [],
    remedy: "a scenario is data, and k6 can read only load/",
  },
  "load/scenario.ts": data([]),
  "load/k6.ts": {
    rooms: ["load", SCENARIO, "load/scenarios"],
    packages: ["k6*"],
    remedy: "k6 can read only load/",
  },
  "load/verdict.ts": {
    rooms: ["load", SCENARIO, JOURNEY],
    packages: [],
    remedy: "the verdict is pure: pass in what it judges",
  },

  dashboards: {
    rooms: [NAMES, "telemetry"],
    packages: ["@grafana/*", "@codemirror/*", "@prometheus-io/*", "yaml", "zod", "node:*"],
    remedy: "dashboards may import the names of telemetry, but no code that emits it",
  },

  playground: play(["boot", "commands", "runner"], [TOPOLOGY, DECLARE], ["node:*"]),
  "playground/boot": play([], [], ["node:*"]),
  "playground/clients": play(
    ["", "terminal"],
    [JOURNEY, SCENARIO, "load", "load/scenarios"],
    ["zod", "node:*"],
  ),
  "playground/commands": play(
    ["", "clients", "doctor", "load", "provide", "render", "runner", "stack", "status", "terminal"],
    [
      TOPOLOGY,
      CONTRACTS,
      "load",
      "load/scenarios",
      // The redrive reads the dead letters from the stream itself: no service has an API for them.
      `${KIT}/events/letters/redrive.ts`,
      `${KIT}/service/dead-letters.ts`,
    ],
    ["node:*"],
  ),
  "playground/doctor": play(["", "boot", "provide", "runner"], [], ["node:*"]),
  "playground/load": play(["", "stack"], [], ["node:*"]),
  "playground/provide": play(
    ["", "runner", "terminal"],
    [],
    ["pg", "ioredis", "@nats-io/jetstream", "@nats-io/transport-node", "node:*"],
  ),
  "playground/render": play(
    ["stack"],
    [TOPOLOGY, DECLARE, "load", "telemetry", "dashboards", "playground/otel-table.ts", "playground/copy.ts"],
    ["node:*"],
  ),
  "playground/runner": play(
    ["", "provide", "stack", "terminal"],
    [TOPOLOGY, "services/topology-check.ts", DECLARE, CONTRACTS],
    ["node:*"],
  ),
  "playground/stack": play(["", "provide", "runner", "terminal"], [], ["node:*"]),
  "playground/status": play(["provide", "runner"], [NAMES, INSTRUMENTS], ["@nats-io/jetstream", "node:*"]),
  "playground/terminal": play(["", "clients", "trace"], [JOURNEY], ["node:*"]),
  "playground/trace": play([], [JOURNEY, NAMES], []),

  "docs/examples": {
    rooms: [
      `${KIT}/events/tracing.ts`,
      `${KIT}/jobs/tracing.ts`,
      `${KIT}/rpc/gen/grpc/health/v1/health_pb.js`,
    ],
    packages: [
      ...["api", "core", "exporter-trace-otlp-proto", "sdk-node", "sdk-trace"].map(
        (name) => `@opentelemetry/${name}`,
      ),
      ...["@nats-io/jetstream", "@nats-io/transport-node", "bullmq", "ioredis", "pg"],
      ...["@connectrpc/connect", "@connectrpc/connect-node", "hono*", "@hono/node-server"],
      ...["crypto", "http2", "net"].map((name) => `node:${name}`),
    ],
    remedy:
      "an example is a reader's application: it may import only the modules of the kit that tests/tidy/imports/take-home.ts lists",
  },

  bench: {
    rooms: [
      ...["", "/clients", "/commands", "/provide", "/runner", "/stack", "/terminal"].map(
        (room) => `playground${room}`,
      ),
      TOPOLOGY,
      "collector/lens",
      JOURNEY,
      "load/scenarios",
      TESTS,
    ],
    packages: ["zod", "node:*"],
    remedy: "a benchmark runs the product as a user starts it; add to its row what else it must import",
  },
  "vitest.config.ts": {
    rooms: [TESTS],
    packages: ["node:os", "vitest/config"],
    remedy: "tests state what they need themselves",
  },
};
