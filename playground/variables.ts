/**
 * The environment variables that a user may set, and what each may hold. The services and lens check theirs again,
 * more strictly. Here a wrong one is named before anything listens. Needs no package, so that `npm run doctor` can
 * check them before the packages are installed.
 */

import type { Setting } from "../services/declare.ts";
import { services } from "../services/topology.ts";
import { Problem } from "./problem.ts";
import { MAX_PORT_OFFSET } from "./runner/ports.ts";

export interface Variable {
  readonly name: string;
  /** What it may hold, in words. */
  readonly allowed: string;
  isRight(value: string): boolean;
  /** May hold a password: its value is never shown. */
  readonly secret?: boolean;
}

export interface Finding {
  readonly name: string;
  /** One line, with the variable's name, its value unless that is secret, and what is allowed. */
  readonly says: string;
}

const oneOf = (name: string, ...values: readonly string[]): Variable => ({
  name,
  allowed: values.join(", ").replace(/, ([^,]*)$/, " or $1"),
  isRight: (value) => values.includes(value),
});

const whole = (name: string, least: number, most = Number.MAX_SAFE_INTEGER): Variable => ({
  name,
  allowed:
    most === Number.MAX_SAFE_INTEGER
      ? `a whole number of ${least} or more`
      : `a whole number from ${least} to ${most}`,
  isRight: (value) => /^\d+$/.test(value.trim()) && Number(value) >= least && Number(value) <= most,
});

const url = (name: string, ...schemes: readonly string[]): Variable => ({
  name,
  allowed: `an address such as ${schemes[0]}://host:port`,
  isRight: (value) => {
    const parsed = URL.parse(value);
    return parsed !== null && schemes.includes(parsed.protocol.slice(0, -1)) && parsed.hostname !== "";
  },
  secret: true,
});

const origins = (name: string): Variable => ({
  name,
  allowed: "origins such as http://localhost:5173, separated by commas",
  isRight: (value) =>
    value.split(",").every((part) => {
      const text = part.trim();
      return text === "" || URL.parse(text)?.origin === text.toLowerCase();
    }),
});

const ratio = (name: string): Variable => ({
  name,
  allowed: "a number from 0 to 1",
  isRight: (value) => value.trim() !== "" && Number(value) >= 0 && Number(value) <= 1,
});

const SIGNALS = ["TRACES", "METRICS", "LOGS"];

/** Settings of the services; `npm start` passes them on. */
export const SERVICE_SETTINGS: readonly Variable[] = [
  oneOf("BATON_ASYNC", "parent+link", "parent", "link"),
  oneOf("BATON_TELEMETRY", "on", "off"),
  oneOf("BATON_INSTRUMENTATION", "curated", "auto"),
  oneOf("BATON_EDGE_TRACE", "continue", "restart"),
  oneOf("BATON_FAULTS", "0", "1"),
  origins("BATON_CORS_ORIGINS"),
  oneOf("BATON_LOG_LEVEL", "trace", "debug", "info", "warn", "error", "fatal", "silent"),
  ...services.flatMap(({ settings }) =>
    Object.entries<Setting>(settings).map(([name, { least, most }]) => whole(name, least, most)),
  ),
];

/** All variables that are checked. */
export const VARIABLES: readonly Variable[] = [
  ...SERVICE_SETTINGS,
  whole("BATON_PORT_OFFSET", 0, MAX_PORT_OFFSET),
  url("BATON_NATS_URL", "nats"),
  url("BATON_REDIS_URL", "redis", "rediss"),
  url("BATON_POSTGRES_URL", "postgres", "postgresql"),
  ...["GATEWAY", "LENS", "JAEGER"].map((name) => url(`BATON_${name}_URL`, "http", "https")),
  whole("LENS_STORE_BYTES", 64 * 1024),
  whole("LENS_FORWARD_QUEUE_BYTES", 64 * 1024),
  url("LENS_FORWARD_URL", "http", "https"),
  whole("LENS_MAX_REQUEST_BYTES", 1024),
  oneOf(
    "OTEL_TRACES_SAMPLER",
    "always_on",
    "always_off",
    "traceidratio",
    "parentbased_always_on",
    "parentbased_always_off",
    "parentbased_traceidratio",
  ),
  ratio("OTEL_TRACES_SAMPLER_ARG"),
  oneOf("OTEL_SDK_DISABLED", "true", "false"),
  ...SIGNALS.map((signal) => oneOf(`OTEL_${signal}_EXPORTER`, "otlp", "none")),
  oneOf("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf", "grpc"),
  url("OTEL_EXPORTER_OTLP_ENDPOINT", "http", "https"),
  ...SIGNALS.map((signal) => url(`OTEL_EXPORTER_OTLP_${signal}_ENDPOINT`, "http", "https")),
  ...["BSP", "BLRP"].flatMap((prefix) =>
    ["SCHEDULE_DELAY", "EXPORT_TIMEOUT", "MAX_QUEUE_SIZE", "MAX_EXPORT_BATCH_SIZE"].map((what) =>
      whole(`OTEL_${prefix}_${what}`, 1),
    ),
  ),
  whole("OTEL_METRIC_EXPORT_INTERVAL", 1),
  whole("OTEL_METRIC_EXPORT_TIMEOUT", 1),
];

/** Known names without a check here: they may hold anything, or compose, k6 or the Collector check them. */
const ALSO_KNOWN: readonly RegExp[] = [
  /^BATON_(STATE_DIR|HOST|PORT|SERVICE|EDGE|FAULT|IMAGE|PROFILE|SCENARIO|RUN|NATS_REPLICAS)$/,
  /^BATON_(TIMES|BOOT_PIPE|MUTANT|TEST_SERVERS|TEST_PATIENCE|HOLD)$/,
  /^BATON_(COLLECTOR|JAEGER|LENS|PROMETHEUS|LOKI|GRAFANA|OTLP|POSTGRES|REDIS|NATS|TAIL_SAMPLING|TIER_TWO)(_[A-Z]+)*$/,
  /^BATON_(CONTROL|K6)_(URL|PORTS?)$/,
  ...services.map(({ name }) => new RegExp(`^BATON_${name.toUpperCase()}_(URL|PORTS?)$`)),
  new RegExp(`^(${services.flatMap(({ folders }) => Object.keys(folders)).join("|")})$`),
];

/** Variables of `env` with a wrong value. An empty one counts as not set. */
export function wrongVariables(env: NodeJS.ProcessEnv): Finding[] {
  return VARIABLES.flatMap((variable) => {
    const value = env[variable.name];
    if (value === undefined || value.trim() === "" || variable.isRight(value)) return [];
    const shown = variable.secret ? "" : `, not ${JSON.stringify(value)}`;
    return [{ name: variable.name, says: `${variable.name} must be ${variable.allowed}${shown}` }];
  });
}

/**
 * Checks `env` before anything is started. For each variable that nothing reads, `warn` gets a line. Throws a Problem
 * `environment` that names every variable with a wrong value.
 */
export function checkEnvironment(env: NodeJS.ProcessEnv, warn: (line: string) => void): void {
  for (const { says } of unknownVariables(env)) warn(says);
  const wrong = wrongVariables(env);
  if (wrong.length > 0) throw new Problem("environment", wrong.map(({ says }) => says).join("\n"));
}

const isKnown = (name: string): boolean =>
  VARIABLES.some((variable) => variable.name === name) || ALSO_KNOWN.some((pattern) => pattern.test(name));

/** Most letters that a typo changes. */
const NEAR = 3;

/** How many letters must be inserted, removed or changed to turn `a` into `b` (Levenshtein). */
export function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const changed = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, changed));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

/** Variables of `env` that begin with `BATON_` and that nothing reads: almost certainly typos. */
export function unknownVariables(env: NodeJS.ProcessEnv): Finding[] {
  const strange = Object.keys(env).filter((name) => name.startsWith("BATON_") && !isKnown(name));
  return strange.toSorted().map((name) => {
    const [nearest] = VARIABLES.map((variable) => ({
      name: variable.name,
      far: distance(name, variable.name),
    }))
      .filter(({ far }) => far <= NEAR)
      .toSorted((a, b) => a.far - b.far);
    const meant = nearest ? `; did you mean ${nearest.name}?` : "";
    return { name, says: `nothing reads ${name}${meant}` };
  });
}
