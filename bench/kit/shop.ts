/** The shop for a benchmark: a whole playground on free ports, in its own folder, and its checkouts. */
import { randomUUID } from "node:crypto";
import { Agent, request } from "node:http";
import { withPostgres } from "../../playground/provide/postgres.ts";
import { freePorts, portsFor } from "../../playground/runner/ports.ts";
import type { UpOptions } from "../../playground/runner/starting.ts";
import { type Playground, up } from "../../playground/runner/up.ts";
import { type StackPorts, stackPortsFor } from "../../playground/stack/ports.ts";
import { temporaryState } from "../../playground/temporary.fixture.ts";
import { silent } from "../../playground/terminal/report.ts";
import { until } from "../../playground/until.ts";
import { freeOffset } from "../../tests/offset.ts";

/** How many clients send checkouts at once. */
export const CLIENTS = 8;
const REST_WITHIN_MS = 120_000;
/** More users than lanes, so that all lanes of the events are used. */
export const USERS = 64;

const agent = new Agent({ keepAlive: true, maxSockets: CLIENTS });

/** Sends one checkout to the gateway at `url`; resolves to the answer's status and ids, empty where it has none. */
export function checkout(url: string): Promise<{ status: number; traceId: string; orderId: string }> {
  const body = JSON.stringify({
    userId: `bench-${Math.floor(Math.random() * USERS)}`,
    items: [{ sku: "kettle", quantity: 1 }],
    payment: { token: "tok_visa" },
  });
  const headers = {
    "content-type": "application/json",
    "content-length": body.length,
    "idempotency-key": randomUUID(),
  };
  return new Promise((resolve, reject) => {
    const sent = request(`${url}/api/v1/checkouts`, { method: "POST", agent, headers }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        text += chunk;
      });
      response.on("error", reject);
      response.on("end", () => {
        const traceId = /"traceId":"([0-9a-f]{32})"/.exec(text)?.[1] ?? "";
        const orderId = /"orderId":"([^"]+)"/.exec(text)?.[1] ?? "";
        resolve({ status: response.statusCode ?? 0, traceId, orderId });
      });
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

/** The full stack needs an offset for all its ports, because the Collector takes those that lens has otherwise. */
async function portsOf(full: boolean): Promise<Pick<UpOptions, "ports"> & { full?: StackPorts }> {
  if (!full) return { ports: await freePorts() };
  const offset = await freeOffset(6_000);
  return { ports: portsFor(offset), full: stackPortsFor(offset) };
}

export interface ShopOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** With the Collector, Jaeger, Prometheus and Grafana. */
  readonly full?: boolean;
  readonly signal: AbortSignal;
}

/** Runs `use` with a ready playground, and removes the playground in any case. */
export async function withShop<T>(
  { env = {}, full = false, signal }: ShopOptions,
  use: (shop: Playground) => Promise<T>,
): Promise<T> {
  const state = await temporaryState();
  try {
    const where = await portsOf(full);
    const shop = await up({ dir: state.dir, ...where, env, report: silent, signal });
    try {
      return await use(shop);
    } finally {
      await shop.stop();
    }
  } finally {
    await state.remove();
  }
}

/** Waits until every confirmed order is shipped, by the database of the service orders. */
export async function allShipped(ordersUrl: string, signal: AbortSignal): Promise<void> {
  await withPostgres(ordersUrl, (client) =>
    until(
      async () => {
        const { rows } = await client.query<{ open: boolean }>(
          "SELECT EXISTS (SELECT FROM orders WHERE status IN ('PENDING', 'CONFIRMED')) AS open",
        );
        return rows[0]?.open === false ? true : undefined;
      },
      {
        signal,
        withinMs: REST_WITHIN_MS,
        onLate: (last) => new Error("the orders are not all shipped", { cause: last }),
      },
    ),
  );
}
