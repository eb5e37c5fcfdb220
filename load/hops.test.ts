/** Compares the table of hops with the contracts: every event, call and route must have its rows. */
import { readdir } from "node:fs/promises";
import path from "node:path";
import type { DescService } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { EVENTS } from "../services/_contracts/events.ts";
import { ATTR, BATON } from "../services/_kit/telemetry/conventions.ts";
import { openApi } from "../services/gateway/openapi.ts";
import { v1 } from "../services/gateway/v1.ts";
import { services } from "../services/topology.ts";
import { isRow } from "../tests/described.ts";
import { HOPS } from "./hops.ts";
import { hopId, SHAPES, type Shape } from "./shapes.ts";

const ids: ReadonlySet<string> = new Set(HOPS.map(hopId));
const named = (name: string, kind: string) => HOPS.filter((row) => row.name === name && row.kind === kind);

/** Event types with their consumers, from the contracts. */
const consumers = (): [type: string, to: readonly string[]][] =>
  Object.entries(EVENTS).map(([type, { to }]) => [type, to]);

test("every event has its rows, one for each consumer that the contracts name, and no other", () => {
  const wrong: string[] = [];
  for (const [type, to] of consumers()) {
    const X = `events.${type}`;
    if (named(`create ${X}`, "PRODUCER").length !== 1 || named(`send ${X}`, "CLIENT").length !== 1)
      wrong.push(
        `load/hops.ts: ${type} is not created and sent by one service: add event(<from>, "${type}", …)`,
      );
    for (const service of to)
      if (!ids.has(`${service}|process ${X}|CONSUMER`))
        wrong.push(
          `load/hops.ts: no row says that ${service} handles ${type}: add it to event(<from>, "${type}", …)`,
        );
  }
  const heard = new Map(consumers());
  for (const { service, name, kind } of HOPS) {
    const type = /^process events\.(.+)$/.exec(name)?.[1];
    if (kind === "CONSUMER" && type !== undefined && !heard.get(type)?.includes(service))
      wrong.push(
        `load/hops.ts: ${service} handles ${type}, but services/_contracts/events.ts does not say so: add it there`,
      );
  }
  expect(wrong).toEqual([]);
});

/** Every gRPC service of the contracts. */
async function contracts(): Promise<DescService[]> {
  const gen = path.resolve(import.meta.dirname, "../services/_contracts/gen");
  const files = (await readdir(gen, { recursive: true })).filter((file) => file.endsWith("_pb.js"));
  const modules = await Promise.all(files.map((file) => import(path.join(gen, file)) as Promise<object>));
  return modules
    .flatMap((module) => Object.values(module) as { readonly kind?: string }[])
    .filter((one): one is DescService => one.kind === "service");
}

test("every call of the contracts has its two rows", async () => {
  const methods = (await contracts()).flatMap((service) =>
    service.methods.map(({ name }) => `${service.typeName}/${name}`),
  );
  expect(methods.length).toBeGreaterThan(10);
  const wrong = methods
    .filter((method) => ["CLIENT", "SERVER"].some((kind) => named(method, kind).length !== 1))
    .map((method) => `load/hops.ts: no two rows for ${method}: add call(<from>, <to>, "${method}", …)`);
  expect(wrong).toEqual([]);
});

test("every route of the public API has its row", () => {
  const { paths } = openApi([v1]) as { readonly paths: Readonly<Record<string, object>> };
  const routes = Object.entries(paths).flatMap(([address, operations]) =>
    Object.keys(operations).map(
      (method) => `${method.toUpperCase()} ${address.replaceAll(/\{(\w+)\}/g, ":$1")}`,
    ),
  );
  expect(routes.length).toBeGreaterThan(10);
  // Probes make no spans: they would outnumber all others.
  const wrong = routes
    .filter((route) => !/^GET \/(healthz|readyz)$/.test(route) && !isRow("gateway", route, "SERVER"))
    .map((route) => `load/hops.ts: no row for the route ${route}: add edge("${route}") to its journey`);
  expect(wrong).toEqual([]);
});

test("a row has its own name, a known service, attributes from the conventions, and refers only to other rows", () => {
  const names = new Set<string>(services.map(({ name }) => name));
  const known = new Set<string>([...Object.values(ATTR), ...Object.values(BATON)]);
  const wrong = HOPS.flatMap((row) => {
    const { service, attributes, under, receive, jobs = [] } = row;
    const ofTable = [...under, ...jobs, ...(receive === undefined ? [] : [receive])];
    return [
      ...(names.has(service) ? [] : [`the service ${service} is not in services/topology.ts`]),
      ...attributes
        .filter((name) => !known.has(name))
        .map((name) => `the attribute ${name} is not in services/_kit/telemetry/conventions.ts`),
      ...ofTable.filter((id) => !ids.has(id)).map((id) => `it refers to "${id}", which is no row`),
    ].map((what) => `load/hops.ts: "${hopId(row)}": ${what}`);
  });
  expect(wrong).toEqual([]);
  expect(ids.size, "rows of load/hops.ts with different names").toBe(HOPS.length);
});

test("a row has what its shape needs, and every shape has a row that proves it", () => {
  for (const row of HOPS) {
    const { parent, links } = SHAPES[row.shape];
    expect(row.under.length > 0, `${hopId(row)} has a parent`).toBe(parent !== "caller");
    expect(row.receive !== undefined, `${hopId(row)} has a receive`).toBe(parent === "receive");
    expect(row.jobs !== undefined, `${hopId(row)} has jobs`).toBe(links === "jobs");
    expect(row.attributes.length, hopId(row)).toBeGreaterThan(0);
  }
  // The shape "attempt" has no row: attempts after the first are further spans of a `process` row.
  const proven = new Set<Shape>([...HOPS.map(({ shape }) => shape), "attempt"]);
  expect(Object.keys(SHAPES).filter((shape) => !proven.has(shape as Shape))).toEqual([]);
});
