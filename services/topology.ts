/**
 * What runs. Each service is declared once: its name, port, neighbours, events, queues, settings and memory. The runner
 * and the wiring read this; compose.yaml, databases.sql and the tables of the documents are rendered from it
 * (`npm run render`). `npm start` first checks it with `topology-check.ts`.
 */
import { BATON, LINK } from "./_kit/telemetry/conventions.ts";
import { type Part, type Service, service } from "./declare.ts";

/** In the order in which they are shown. */
export const services = [
  service("gateway", {
    port: 8080,
    does: "public REST API, decides the correlation id",
    edge: true,
    calls: ["orders", "inventory"],
    follows: true,
    // Each stream holds a connection.
    settings: { BATON_MAX_STREAMS: { least: 1, most: 100_000, preset: 1_000 } },
  }),
  service("orders", {
    port: 8081,
    does: "accounts, orders, the checkout saga",
    database: true,
    outbox: true,
    calls: ["inventory", "payments"],
    hears: { ParcelShipped: "single" },
    addsTo: ["payment-commands"],
    settings: {
      // The lease of a saga: how long its owner keeps it after it began a step.
      BATON_SAGA_LEASE_MS: { least: 100, most: 3_600_000, preset: 10_000 },
      // How often the sweeper looks for sagas whose lease has run out.
      BATON_SAGA_SWEEP_MS: { least: 10, most: 60_000, preset: 1_000 },
    },
  }),
  service("inventory", {
    port: 8082,
    does: "catalogue, stock, reservations",
    database: true,
    outbox: true,
  }),
  service("payments", {
    port: 8083,
    does: "charges and refunds",
    database: true,
    outbox: true,
    worksOff: ["payment-commands"],
  }),
  service("shipping", {
    port: 8084,
    does: "pick, pack and ship as queued jobs",
    database: true,
    outbox: true,
    // A cancel must not overtake its order.
    hears: { OrderConfirmed: "ordered", OrderCancelled: "ordered" },
    worksOff: ["shipping"],
    addsTo: ["shipping"],
  }),
  service("notifications", {
    port: 8085,
    does: "e-mail as queued jobs",
    database: true,
    hears: { OrderConfirmed: "single", PaymentRefunded: "single", UserCreated: "single" },
    worksOff: ["email"],
    addsTo: ["email"],
    // The rate limit of a mail provider, over all replicas.
    settings: { BATON_MAIL_PER_SECOND: { least: 1, most: 100_000, preset: 200 } },
    folders: { BATON_MAIL_DIR: "mail" },
  }),
  service("analytics", {
    port: 8086,
    does: "sales projection and audit log",
    database: true,
    hears: {
      UserCreated: "batches",
      OrderConfirmed: "batches",
      OrderRejected: "batches",
      OrderShipped: "batches",
      OrderDelivered: "batches",
      OrderCancelled: "batches",
      PaymentRefunded: "batches",
      ItemChanged: "batches",
    },
  }),
] as const;

export type ServiceName = (typeof services)[number]["name"];

/** The embedded collector. In a container it has a smaller heap, which compose.yaml sets. */
export const lens: Part & { readonly heapMb: number } = {
  name: "lens",
  does: "takes OTLP, stores it, answers queries",
  entry: "collector/lens/main.ts",
  port: 4000,
  ready: "/healthz",
  heapMb: 512,
};

/** Ports of everything else, before `BATON_PORT_OFFSET`. */
export const ports = {
  otlpGrpc: 4317,
  otlpHttp: 4318,
  nats: 14222,
  redis: 16379,
  postgres: 15432,
} as const;

/** The memory of all containers of compose.yaml together, at most, in GB (10^9 bytes). */
export const CONTAINERS_GB = 3;

/** The declaration of `name`. */
export function serviceNamed<N extends ServiceName>(
  name: N,
): Extract<(typeof services)[number], { name: N }> {
  return services.find((one) => one.name === name) as Extract<(typeof services)[number], { name: N }>;
}

/** The services where journeys begin, as lens takes them in `LENS_EDGES`: `<service>, ...`. */
export const lensEdges = (all: readonly Service[] = services): string =>
  all
    .filter(({ edge }) => edge)
    .map(({ name }) => name)
    .join(", ");

/** What lens is told of the shop's telemetry, as its settings. */
export const lensWords = () => ({
  LENS_EDGES: lensEdges(),
  LENS_INDEX: BATON.orderId,
  LENS_LINK_REASON: LINK.reason,
});

/** The consumers of each event, as lens takes them in `LENS_CONSUMERS`: `events.<type>=<group>+<group>, ...`. */
export function lensConsumers(all: readonly Service[] = services): string {
  const groups = new Map<string, string[]>();
  for (const { name, hears } of all)
    for (const type of Object.keys(hears)) groups.set(type, [...(groups.get(type) ?? []), name]);
  return [...groups].map(([type, names]) => `events.${type}=${names.join("+")}`).join(", ");
}
