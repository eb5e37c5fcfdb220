/** The layers that a process's time is divided into, by the path of the function's file. */

/** The first match counts. Paths are those of V8's profiles: `file:///…`, `node:…`, or empty for V8 itself. */
const LAYERS: readonly (readonly [layer: string, path: RegExp])[] = [
  // The modules that trace a library are beside the code that uses the library.
  ["telemetry: ours", /\/services\/_kit\/((telemetry|sdk)\/|http\/edge\.ts|[a-z]+\/tracing\.ts)/],
  [
    "telemetry: instrumentations",
    /\/node_modules\/@opentelemetry\/(instrumentation|auto-|sql-common|redis-common)/,
  ],
  ["telemetry: export", /\/node_modules\/(@opentelemetry\/(otlp-|exporter-)|protobufjs)/],
  ["telemetry: SDK", /\/node_modules\/@opentelemetry\//],
  ["telemetry: loader hooks", /\/node_modules\/(import|require)-in-the-middle\//],
  ["Postgres client", /\/node_modules\/(pg|pg-[a-z-]+|postgres-[a-z-]+|pgpass)\//],
  ["queue client", /\/node_modules\/(bullmq|ioredis|@ioredis|redis-[a-z]+|msgpackr|denque)\//],
  ["NATS client", /\/node_modules\/@nats-io\//],
  ["RPC", /\/node_modules\/(@connectrpc|@bufbuild)\//],
  ["HTTP", /\/node_modules\/(hono|@hono)\//],
  ["validation", /\/node_modules\/zod\//],
  ["log", /\/node_modules\/(pino|pino-[a-z-]+|sonic-boom|thread-stream|quick-format-unescaped)\//],
  ["kit", /\/services\/_kit\//],
  ["shop", /\/services\//],
  ["lens: receive", /\/collector\/lens\/receive\//],
  ["lens: decode", /\/collector\/lens\/otlp\//],
  ["lens: store", /\/collector\/lens\/store\//],
  ["lens: query", /\/collector\/lens\/(query|journey)\//],
  ["lens: threads", /\/collector\/lens\/threads\//],
  ["lens: rest", /\/collector\/lens\//],
  ["other packages", /\/node_modules\//],
];

/** V8's own work, by the name in the profile. */
const NATIVE: Readonly<Record<string, string>> = {
  "(garbage collector)": "garbage collection",
  "(idle)": "idle",
  "(program)": "native code",
};

/** Node's own code without a layer above it: functions that the event loop calls itself. */
export const NODE = "Node";
export const IDLE = "idle";
/** Threads that are in no profile: those that collect garbage and compile, and those that look up files and names. */
export const HELPERS = "V8's helpers";
export const POOL = "thread pool";
export const LAYER_NAMES: readonly string[] = [
  ...LAYERS.map(([layer]) => layer),
  NODE,
  "garbage collection",
  "native code",
  HELPERS,
  POOL,
];

/** The layer of a function; null for Node's own and for V8's built-ins, which count for their caller. */
export function layerOf(functionName: string, url: string): string | null {
  const native = url === "" ? NATIVE[functionName] : undefined;
  if (native) return native;
  if (url === "" || url.startsWith("node:")) return null;
  const path = url.replaceAll("\\", "/");
  return LAYERS.find(([, pattern]) => pattern.test(path))?.[0] ?? "other packages";
}
