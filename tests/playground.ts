/** For end-to-end tests: a whole playground on free ports, in its own folder, with functions to query it. */
import { randomUUID } from "node:crypto";
import path from "node:path";
import pg from "pg";
import type { Hop, Journey, LogRecord } from "../collector/lens/journey/model.ts";
import { awaitJourney, type Found, findJourney } from "../playground/clients/lens.ts";
import { freePorts } from "../playground/runner/ports.ts";
import type { UpOptions } from "../playground/runner/starting.ts";
import { type Playground, up } from "../playground/runner/up.ts";
import { temporaryState } from "../playground/temporary.fixture.ts";
import { silent } from "../playground/terminal/report.ts";
import { services } from "../services/topology.ts";
import { undescribed } from "./described.ts";
import { eventually } from "./fixtures.ts";
import { patient } from "./patience.ts";

const never = new AbortController().signal;

// Tests delete data, so they use only their own servers.
for (const name of ["BATON_NATS_URL", "BATON_REDIS_URL", "BATON_POSTGRES_URL"]) delete process.env[name];

export interface TestPlayground extends Playground {
  /** State folder. */
  readonly dir: string;
  /** Sends a checkout; `baggage` as a client would write the header. */
  checkout(order?: Partial<CheckoutOrder>, headers?: Record<string, string>): Promise<CheckoutAnswer>;
  /** Sends a request to the public API; `route` is the part of the path after `/api`. */
  ask(method: string, route: string, body?: object, headers?: Record<string, string>): Promise<ApiAnswer>;
  post(
    body: string,
    headers?: Record<string, string>,
  ): Promise<{ status: number; body: Record<string, unknown> }>;
  /** Waits until the journey with this id is settled and has all `hops`; else fails and says what is missing. */
  journey(id: string, hops: readonly Hop[]): Promise<{ journey: Journey; logs: readonly LogRecord[] }>;
  /** Rows from a service's own database. */
  rows<T extends object>(service: string, sql: string): Promise<T[]>;
  /** One number from a service's own database. */
  count(service: string, sql: string): Promise<number>;
  /** Stops and removes it; fails when the shop has emitted a span that the table of hops does not describe. */
  remove(): Promise<void>;
}

export interface ApiAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, unknown>;
}

export interface CheckoutOrder {
  readonly userId: string;
  readonly items: readonly { readonly sku: string; readonly quantity: number }[];
  readonly payment: { readonly token: string };
}

export interface CheckoutAnswer {
  readonly status: number;
  readonly orderId: string;
  readonly correlationId: string;
  readonly traceId: string;
}

/** `found` once it has log records: they are exported separately, and every checkout has some. `id`: its id. */
export const withLogs = (lens: string, id: string, found: Found): Promise<Found> =>
  eventually("the journey's log records", async () => {
    const again = found.logs.length > 0 ? found : await findJourney(lens, id, never);
    return again && again.logs.length > 0 ? again : undefined;
  });

/**
 * Starts a playground. `env`: for lens and the services; `where`: its ports, and the full stack. Remove it when done.
 */
export async function startPlayground(
  env: Record<string, string> = {},
  where: Partial<Pick<UpOptions, "ports" | "full">> = {},
): Promise<TestPlayground> {
  const state = await temporaryState();
  const ports = where.ports ?? (await freePorts());
  const playground = await up({ ...where, dir: state.dir, ports, env, report: silent }).catch(
    async (thrown) => {
      await state.remove();
      throw thrown;
    },
  );
  const { urls, databases } = playground;
  const post: TestPlayground["post"] = async (body, headers = {}) => {
    const response = await fetch(`${urls.gateway}/api/v1/checkouts`, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body,
    });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };
  const rows: TestPlayground["rows"] = async <T extends object>(service: string, sql: string) => {
    const client = new pg.Client({ connectionString: databases[service] });
    await client.connect();
    try {
      return (await client.query<T>(sql)).rows;
    } finally {
      await client.end();
    }
  };
  const ask: TestPlayground["ask"] = async (method, route, body, headers = {}) => {
    const response = await fetch(`${urls.gateway}/api${route}`, {
      method,
      headers: { ...(body ? { "content-type": "application/json" } : {}), ...headers },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    const json = (await response.json()) as Record<string, unknown>;
    return { status: response.status, headers: response.headers, body: json };
  };
  return {
    ...playground,
    dir: state.dir,
    ask,
    post,
    checkout: async (order = {}, headers = {}) => {
      const { status, body } = await post(
        JSON.stringify({
          userId: `user-${randomUUID().slice(0, 8)}`,
          items: [{ sku: "teapot", quantity: 1 }],
          payment: { token: "tok_visa" },
          ...order,
        }),
        headers,
      );
      const { orderId, correlationId, traceId } = body;
      return {
        status,
        orderId: String(orderId),
        correlationId: String(correlationId),
        traceId: String(traceId),
      };
    },
    journey: async (id, hops) => {
      const { found, complete, missing } = await awaitJourney(urls.lens, id, hops, {
        signal: never,
        stillMs: patient(20_000),
      });
      if (found && complete) return withLogs(urls.lens, id, found);
      const lacking = missing.map((hop) => `${hop.service} ${hop.name} ${hop.kind}`).join(", ") || "nothing";
      const inFlight = found?.journey.inFlight.join(", ") || "nothing";
      throw new Error(`the journey ${id} is not complete: missing ${lacking}; in flight ${inFlight}`);
    },
    rows,
    count: async (service, sql) =>
      Number((await rows<{ n: string }>(service, `SELECT (${sql})::bigint AS n`))[0]?.n),
    remove: async () => {
      const looked = lensRuns(playground) ? undescribed(urls.lens) : Promise.resolve([]);
      const lines = await looked.finally(async () => {
        await playground.stop();
        await state.remove();
      });
      if (lines.length > 0) throw new Error(lines.join("\n"));
    },
  };
}

/** False once a test has stopped lens, to test the rest without it. */
const lensRuns = ({ parts }: Playground): boolean =>
  typeof parts.find(({ name }) => name === "lens")?.child?.pid() === "number";

/** The number of unsent events in the outboxes of all services. */
export async function unsentOf({ count }: TestPlayground): Promise<number> {
  const counts = services
    .filter(({ outbox }) => outbox)
    .map(({ name }) => count(name, "SELECT count(*) FROM outbox WHERE sent_at IS NULL"));
  return (await Promise.all(counts)).reduce((sum, n) => sum + n, 0);
}

/** The log file of a service. */
export const logFile = (playground: TestPlayground, service: string): string =>
  path.join(playground.dir, "logs", `${service}.log`);
