import { mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { checkBelow, firstJourney, gatewayReady, shipped } from "./outside.ts";

/** Answers by path, in the order of their lists. The last one is repeated. */
let answers: Record<string, { status?: number; json: unknown }[]>;
let asked: string[];
let server: Server;
let url: string;
let dir: string;
const waited = { signal: new AbortController().signal, printed: () => "what it printed" };

beforeEach(async () => {
  [answers, asked] = [{}, []];
  server = createServer((request, response) => {
    const at = request.url?.split("?")[0] ?? "";
    asked.push(at);
    const list = answers[at] ?? [{ status: 404, json: "nothing here" }];
    const { status = 200, json } = (list.length > 1 ? list.shift() : list[0]) ?? { json: null };
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(json));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  dir = await mkdtemp(path.join(os.tmpdir(), "baton-test-"));
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await rm(dir, { recursive: true });
});

async function writeRun(run: object): Promise<void> {
  await writeFile(path.join(dir, "run.new"), JSON.stringify(run));
  await rename(path.join(dir, "run.new"), path.join(dir, "run.json"));
}
const running = (parts: readonly object[] = []) => ({
  urls: { gateway: url, lens: url, other: "x" },
  parts,
  more: 1,
});
const journey = (name: string, settled: boolean, cause: object | null = null) => ({ name, settled, cause });

test("the first journey is a settled checkout without an error", async () => {
  answers["/api/journeys"] = [
    { status: 503, json: "not yet" },
    { json: { journeys: [] } },
    { json: { journeys: [journey("SELECT", true), journey("POST /api/v1/checkouts", false)] } },
    { json: { journeys: [journey("POST /api/v1/checkouts", true, { key: "declined" })] } },
    { json: { journeys: [journey("POST /api/v1/checkouts", true)] } },
  ];
  const found = firstJourney({ dir }, waited);
  await writeRun({ urls: {}, parts: [] });
  await writeRun(running());
  expect(await found).toMatchObject({ gateway: url, lens: url });
  expect(asked).toHaveLength(5);
});

test("run.json or an answer of another form is reported at once, with what is missing", async () => {
  await writeRun({ addresses: {} });
  await expect(firstJourney({ dir }, waited)).rejects.toThrow(/run\.json has another form[\s\S]*urls/);
  await writeRun(running());
  answers["/api/journeys"] = [{ json: { items: [] } }];
  await expect(firstJourney({ dir }, waited)).rejects.toThrow(
    /api\/journeys.* has another form[\s\S]*journeys/,
  );
});

test("a command that ends during a wait ends the wait, with its own reason", async () => {
  const stop = new AbortController();
  const found = gatewayReady({ dir }, { ...waited, signal: stop.signal });
  stop.abort(new Error("npm run start ended with status 1"));
  await expect(found).rejects.toThrow("ended with status 1");
});

test("the gateway is waited for until it is ready", async () => {
  await writeRun(running());
  answers["/readyz"] = [{ status: 503, json: "not ready: orders" }, { json: "ok" }];
  await gatewayReady({ dir }, waited);
  expect(asked).toEqual(["/readyz", "/readyz"]);
});

test("orders are waited for until each is shipped", async () => {
  answers["/api/v1/orders/a"] = [{ json: { status: "CONFIRMED" } }, { json: { status: "SHIPPED" } }];
  answers["/api/v1/orders/b"] = [{ json: { status: "DELIVERED" } }];
  await shipped(url, ["a", "b"], waited.signal);
  expect(asked).toEqual(["/api/v1/orders/a", "/api/v1/orders/a", "/api/v1/orders/b"]);
  answers["/api/v1/orders/c"] = [{ json: { state: "SHIPPED" } }];
  await expect(shipped(url, ["c"], waited.signal)).rejects.toThrow("another form");
});

test("a part that is not a descendant of the command is named, because it would not be counted", async () => {
  const run = { gateway: url, lens: url };
  await checkBelow({ ...run, parts: [{ name: "orders", pid: process.pid }] }, process.pid);
  const stray = [{ name: "orders", pid: process.ppid }];
  await expect(checkBelow({ ...run, parts: stray }, process.pid)).rejects.toThrow("orders elsewhere");
  await expect(checkBelow({ ...run, parts: [] }, process.pid)).rejects.toThrow("no part elsewhere");
});
