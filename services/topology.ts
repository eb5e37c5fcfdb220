/**
 * The one list of what runs: names, ports, needs and ready checks. The runner starts from it, the gateway's
 * readiness follows it, and a test holds compose.yaml against it. Imports nothing.
 */

/** A Node process of ours. */
export interface Part {
  readonly name: string;
  /** What a newcomer reads in `npm run status`. */
  readonly does: string;
  /** Entry file, from the project's root. */
  readonly entry: string;
  /** TCP port before `BATON_PORT_OFFSET`; its HTTP/1.1 side answers `ready`. */
  readonly port: number;
  /** Path that answers 200 when the part can do its work. */
  readonly ready: string;
  /** Servers that it needs. Each service that needs postgres has a database of its own, named after it. */
  readonly servers: readonly ("nats" | "redis" | "postgres")[];
  /** Services that it calls. */
  readonly calls: readonly string[];
  /** What its environment has beyond what every part gets. */
  readonly env: Readonly<Record<string, string>>;
}

const service = <const N extends string>(
  name: N,
  port: number,
  does: string,
  servers: Part["servers"],
  calls: readonly string[] = [],
  env: Part["env"] = {},
): Part & { readonly name: N } => ({
  name,
  does,
  entry: `services/${name}/main.ts`,
  port,
  ready: "/readyz",
  servers,
  calls,
  env,
});

export const services = [
  service("gateway", 8080, "public REST API, decides the correlation id", ["nats"], ["orders"], {
    // The public edge: here the correlation id is decided and foreign baggage ends.
    BATON_EDGE: "1",
  }),
  service(
    "orders",
    8081,
    "accounts, orders, the checkout saga",
    ["nats", "redis", "postgres"],
    ["inventory", "payments"],
  ),
  service("inventory", 8082, "catalogue, stock, reservations", ["postgres"]),
  service("payments", 8083, "charges and refunds", ["nats", "redis", "postgres"]),
  service("shipping", 8084, "pick, pack and ship as queued jobs", ["nats", "redis", "postgres"]),
  service("notifications", 8085, "e-mail as queued jobs", ["nats", "redis", "postgres"]),
  service("analytics", 8086, "sales projection and audit log", ["nats", "postgres"]),
] as const satisfies readonly Part[];

export type ServiceName = (typeof services)[number]["name"];

export const lens: Part = {
  name: "lens",
  does: "takes OTLP, stores it, answers queries",
  entry: "collector/lens/main.ts",
  port: 4000,
  ready: "/healthz",
  servers: [],
  calls: [],
  env: {},
};

/** Ports of everything else, before `BATON_PORT_OFFSET`. */
export const ports = {
  otlpGrpc: 4317,
  otlpHttp: 4318,
  nats: 14222,
  redis: 16379,
  postgres: 15432,
} as const;
