/** A part that is declared and not used, or used and not declared, fails the start and says what to change. */
import { context, propagation, ROOT_CONTEXT } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { pino } from "pino";
import { afterEach, beforeEach, expect, inject, test } from "vitest";
import { freePorts } from "../../../playground/runner/ports.ts";
import { freshDatabase, quiet, uniqueName } from "../../../tests/fixtures.ts";
import { ConfigError } from "../process/config.ts";
import { Releaser } from "../process/shutdown.ts";
import type { Logger } from "../telemetry/log.ts";
import type { Declared } from "./declared.ts";
import { partsOf } from "./parts.ts";

const bare: Declared = {
  name: "bare",
  port: 8099,
  database: false,
  outbox: false,
  follows: false,
  hears: {},
  worksOff: [],
  addsTo: [],
  settings: {},
  folders: {},
};

let releaser: Releaser;
let env: NodeJS.ProcessEnv;
beforeEach(async () => {
  releaser = new Releaser();
  env = {
    BATON_PORT: String((await freePorts()).gateway),
    BATON_NATS_URL: inject("natsUrl"),
    BATON_REDIS_URL: inject("redisUrl"),
    BATON_POSTGRES_URL: await freshDatabase(inject("postgresUrl")),
  };
});
afterEach(() => releaser.release(quiet, 10_000));

const opened = async (declared: Partial<Declared>, log: Logger = quiet) => {
  const open = await partsOf({ ...bare, ...declared }, []);
  return open({ log, releaser, signal: new AbortController().signal }, env);
};
const CHANGE = "change services/topology.ts or services/bare/service.ts";

test("using a part that is not declared throws an error that names it", async () => {
  const parts = await opened({});
  expect(() => parts.db).toThrow(`bare asks for its database, and declares none: ${CHANGE}`);
  expect(() => parts.broker).toThrow(`bare asks for its broker, and declares none: ${CHANGE}`);
  expect(() => parts.queue("email")).toThrow(`bare asks for its queue email, and declares none: ${CHANGE}`);
  await expect(parts.workOff("email", {})).rejects.toThrow("bare works off email, and does not declare it");
});

test("an event that is declared and not heard, or heard and not declared, fails the start", async () => {
  const type = uniqueName("Told");
  const parts = await opened({ database: true, hears: { [type]: "single" } });
  await expect(parts.serveProbes()).rejects.toThrow(
    `bare does not use all that it declares (there is no call of hear): ${CHANGE}`,
  );
  await expect(parts.hear({ Other: async () => {} })).rejects.toThrow(
    `hears ${type}, and has handlers of Other`,
  );
  await parts.hear({ [type]: async () => {} });
  await parts.serveProbes();
});

test("a declared queue that nothing works off fails the start", async () => {
  const queue = uniqueName("queue");
  const parts = await opened({ worksOff: [queue] });
  await expect(parts.serveProbes()).rejects.toThrow(`there is no call of workOff ${queue}`);
  await parts.workOff(queue, {});
  await parts.serveProbes();
});

test("a service is not ready when one of its parts is away", async () => {
  const parts = await opened({ database: true, outbox: true, addsTo: [uniqueName("queue")] });
  await parts.serveProbes();
  const ready = async () => (await fetch(`http://127.0.0.1:${env.BATON_PORT}/readyz`)).status;
  expect(await ready()).toBe(200);
  await parts.broker.close();
  expect(await ready()).toBe(503);
});

test("only the variables of declared parts are required", async () => {
  env = { BATON_PORT: env.BATON_PORT };
  await (await opened({})).serveProbes();
  await expect(opened({ database: true })).rejects.toThrow(ConfigError);
});

test.each([
  ["begins traces of its own says so in one line", { BATON_EDGE: "1", BATON_EDGE_TRACE: "restart" }, 1],
  ["can be reached from elsewhere does so by default", { BATON_EDGE: "1", BATON_HOST: "0.0.0.0" }, 1],
  ["continues its callers' traces has nothing to say", { BATON_EDGE: "1", BATON_HOST: "127.0.0.1" }, 0],
])("an edge that %s", async (_what, edge, lines) => {
  const said: string[] = [];
  Object.assign(env, edge);
  await opened({}, pino({}, { write: (line: string) => said.push(line) }));
  expect(said.filter((line) => line.includes("BATON_EDGE_TRACE"))).toHaveLength(lines);
});

test("the faults in a request's baggage count only where faults are allowed", async () => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  const entries = { fault: { value: "bare.place:failed" } };
  const asked = propagation.setBaggage(ROOT_CONTEXT, propagation.createBaggage(entries));
  const off = await opened({});
  expect(off.faults).toBe(false);
  expect(context.with(asked, () => off.fault("bare.place"))).toBeUndefined();
  env.BATON_FAULTS = "1";
  const on = await opened({});
  expect(on.faults).toBe(true);
  expect(context.with(asked, () => on.fault("bare.place"))).toMatchObject({ kind: "failed" });
});
