import { afterAll, beforeAll, expect, test } from "vitest";
import { freePorts } from "../playground/runner/ports.ts";
import { up } from "../playground/runner/up.ts";
import { type TemporaryState, temporaryState } from "../playground/temporary.fixture.ts";
import type { Reporter } from "../playground/terminal/report.ts";
import { services } from "../services/topology.ts";
import { eventually } from "./fixtures.ts";

let state: TemporaryState;
beforeAll(async () => {
  state = await temporaryState();
});
afterAll(() => state.remove());

/** Records what a terminal would show during a start: what is waited for, and what was waited for when. */
class Told implements Reporter {
  readonly awaited = new Set<string>();
  readonly withServers: string[] = [];
  readonly afterServers: string[] = [];
  #serversReady = false;

  say(line: string): void {
    this.#serversReady ||= line.startsWith("servers ready");
  }
  begin(what: string): () => void {
    this.awaited.add(what);
    (this.#serversReady ? this.afterServers : this.withServers).push(what);
    return () => this.awaited.delete(what);
  }
}

/** Runs `work` against a playground in the one state folder, then stops it. */
async function during<T>(keep: boolean, work: (gateway: string, lens: string) => Promise<T>): Promise<T> {
  const told = new Told();
  const report: Reporter = { say: (line) => told.say(line), begin: (what) => told.begin(what) };
  const playground = await up({ dir: state.dir, ports: await freePorts(), keep, report });
  try {
    // The services' processes run, too, but wait until the servers are ready.
    expect(told.withServers).toEqual(expect.arrayContaining(["nats", "redis", "postgres", "lens"]));
    expect(told.afterServers.sort()).toEqual(services.map(({ name }) => name).sort());
    expect([...told.awaited], "awaited when everything is up").toEqual([]);
    return await work(playground.urls.gateway, playground.urls.lens);
  } finally {
    await playground.stop();
  }
}

const order = async (gateway: string, id: string) => {
  const response = await fetch(`${gateway}/api/v1/orders/${id}`);
  return { status: response.status, body: (await response.json()) as { status?: string } };
};

test("orders, jobs, events and journeys are kept for the next start", async () => {
  const journey = (lens: string, id: string) => fetch(`${lens}/api/journeys/${id}`);
  const id = await during(false, async (gateway) => {
    const response = await fetch(`${gateway}/api/v1/checkouts`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: '{"userId":"ann","items":[{"sku":"mug","quantity":1}],"payment":{"token":"tok_visa"}}',
    });
    expect(response.status).toBe(201);
    // It is stopped at once, wherever the event, the message and the jobs are.
    return ((await response.json()) as { orderId: string }).orderId;
  });
  await during(true, async (gateway, lens) => {
    expect((await journey(lens, id)).status, "the journey so far").toBe(200);
    await eventually("the order to be shipped after the restart", async () => {
      const { status, body } = await order(gateway, id);
      expect(status).toBe(200);
      return body.status === "SHIPPED" || undefined;
    });
  });
});
