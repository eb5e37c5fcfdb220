/** What is declared and not wired, or wired and not declared, ends a start with a line that says what to mend. */
import { afterEach, beforeEach, expect, inject, test } from "vitest";
import { freePorts } from "../../../playground/runner/ports.ts";
import { freshDatabase, quiet, uniqueName } from "../../../tests/fixtures.ts";
import { ConfigError } from "../process/config.ts";
import { Releaser } from "../process/shutdown.ts";
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

const opened = async (declared: Partial<Declared>) => {
  const open = await partsOf({ ...bare, ...declared }, []);
  return open({ log: quiet, releaser, signal: new AbortController().signal }, env);
};
const MEND = "mend services/topology.ts or services/bare/service.ts";

test("a part that is not declared is named where it is asked for", async () => {
  const parts = await opened({});
  expect(() => parts.db).toThrow(`bare asks for its database, and declares none: ${MEND}`);
  expect(() => parts.broker).toThrow(`bare asks for its broker, and declares none: ${MEND}`);
  expect(() => parts.queue("email")).toThrow(`bare asks for its queue email, and declares none: ${MEND}`);
  await expect(parts.workOff("email", {})).rejects.toThrow("bare works off email, and does not declare it");
});

test("an event that is declared and not heard, or heard and not declared, ends the start", async () => {
  const type = uniqueName("Told");
  const parts = await opened({ database: true, hears: { [type]: "single" } });
  await expect(parts.serveProbes()).rejects.toThrow(
    `bare declares what nothing does (there is no call of hear): ${MEND}`,
  );
  await expect(parts.hear({ Other: async () => {} })).rejects.toThrow(
    `hears ${type}, and has handlers of Other`,
  );
  await parts.hear({ [type]: async () => {} });
  await parts.serveProbes();
});

test("a queue that is declared and that nothing works off ends the start", async () => {
  const queue = uniqueName("queue");
  const parts = await opened({ worksOff: [queue] });
  await expect(parts.serveProbes()).rejects.toThrow(`there is no call of workOff ${queue}`);
  await parts.workOff(queue, {});
  await parts.serveProbes();
});

test("readiness asks every part: one that is away makes the service not ready", async () => {
  const parts = await opened({ database: true, outbox: true, addsTo: [uniqueName("queue")] });
  await parts.serveProbes();
  const ready = async () => (await fetch(`http://127.0.0.1:${env.BATON_PORT}/readyz`)).status;
  expect(await ready()).toBe(200);
  await parts.broker.close();
  expect(await ready()).toBe(503);
});

test("only what is declared is asked of the environment", async () => {
  env = { BATON_PORT: env.BATON_PORT };
  await (await opened({})).serveProbes();
  await expect(opened({ database: true })).rejects.toThrow(ConfigError);
});
