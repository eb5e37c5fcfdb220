/**
 * The environment variables that a user may set, and what each may hold. The services and lens check theirs again,
 * more strictly. Here a wrong one is named before anything listens. Needs no package, so that `npm run doctor` can
 * check them before the packages are installed.
 */

import type { Setting } from "../services/declare.ts";
import { services } from "../services/topology.ts";
import { wrongCopy } from "./copy.ts";
import { OTEL_VARIABLES } from "./otel-table.ts";
import { refusedOtel, setAside } from "./otel-variables.ts";
import { Problem } from "./problem.ts";
import { MAX_PORT_OFFSET } from "./runner/ports.ts";
import { oneOf, origins, url, type Values, type Variable, whole } from "./values.ts";

export interface Finding {
  readonly name: string;
  /** One line, with the variable's name, its value unless that is secret, and what is allowed. */
  readonly says: string;
}

/** A variable of this name and these values. */
const named = (name: string, values: Values): Variable => ({ name, ...values });

/** Settings of the services; `npm start` passes them on. */
export const SERVICE_SETTINGS: readonly Variable[] = [
  named("BATON_ASYNC", oneOf("parent+link", "parent", "link")),
  named("BATON_TELEMETRY", oneOf("on", "off")),
  named("BATON_INSTRUMENTATION", oneOf("curated", "auto")),
  named("BATON_DATABASE_SPANS", oneOf("queries", "all")),
  named("BATON_EDGE_TRACE", oneOf("continue", "restart")),
  named("BATON_FAULTS", oneOf("0", "1")),
  named("BATON_CORS_ORIGINS", origins),
  named("BATON_LOG_LEVEL", oneOf("trace", "debug", "info", "warn", "error", "fatal", "silent")),
  ...services.flatMap(({ settings }) =>
    Object.entries<Setting>(settings).map(([name, { least, most }]) => named(name, whole(least, most))),
  ),
];

/** All variables that are checked. */
export const VARIABLES: readonly Variable[] = [
  ...SERVICE_SETTINGS,
  named("BATON_PORT_OFFSET", whole(0, MAX_PORT_OFFSET)),
  named("BATON_NATS_URL", url("nats")),
  named("BATON_REDIS_URL", url("redis", "rediss")),
  named("BATON_POSTGRES_URL", url("postgres", "postgresql")),
  ...["GATEWAY", "LENS", "JAEGER"].map((name) => named(`BATON_${name}_URL`, url("http", "https"))),
  named("LENS_STORE_BYTES", whole(1024 * 1024)),
  named("LENS_STORE_HOURS", whole(1, 87_600)),
  named("LENS_OTLP_ORIGINS", origins),
  named("LENS_FORWARD_QUEUE_BYTES", whole(64 * 1024)),
  named("LENS_FORWARD_URL", url("http", "https")),
  named("LENS_MAX_REQUEST_BYTES", whole(1024)),
  ...OTEL_VARIABLES.filter(({ whose }) => whose === "user"),
];

/** Known names without a check here: they may hold anything, or compose, k6 or the Collector check them. */
const ALSO_KNOWN: readonly RegExp[] = [
  /^BATON_(STATE_DIR|HOST|PORT|SERVICE|EDGE|FAULT|IMAGE|PROFILE|SCENARIO|RUN|NATS_REPLICAS)$/,
  /^BATON_(TIMES|BOOT_PIPE|MUTANT|TEST_SERVERS|TEST_PATIENCE|HOLD)$/,
  /^BATON_(COLLECTOR|COPY|JAEGER|LENS|PROMETHEUS|LOKI|GRAFANA|OTLP|POSTGRES|REDIS|NATS|TAIL_SAMPLING|TIER_TWO)(_[A-Z]+)*$/,
  /^BATON_(CONTROL|K6)_(URL|PORTS?)$/,
  ...services.map(({ name }) => new RegExp(`^BATON_${name.toUpperCase()}_(URL|PORTS?)$`)),
  new RegExp(`^(${services.flatMap(({ folders }) => Object.keys(folders)).join("|")})$`),
];

/** Variables of `env` with which nothing starts: a wrong value, or refused. An empty one counts as not set. */
export function wrongVariables(env: NodeJS.ProcessEnv): Finding[] {
  const wrong = VARIABLES.flatMap((variable) => {
    const value = env[variable.name];
    if (value === undefined || value.trim() === "" || variable.isRight(value)) return [];
    const shown = variable.secret ? "" : `, not ${JSON.stringify(value)}`;
    return [{ name: variable.name, says: `${variable.name} must be ${variable.allowed}${shown}` }];
  });
  return [...wrong, ...refusedOtel(env), ...wrongCopy(env)];
}

/**
 * Checks `env` before anything is started. For each variable that nothing reads, `warn` gets a line. Throws a Problem
 * `environment` that names every variable with a wrong value.
 */
export function checkEnvironment(env: NodeJS.ProcessEnv, warn: (line: string) => void): void {
  for (const { says } of [...unknownVariables(env), ...setAside(env)]) warn(says);
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
