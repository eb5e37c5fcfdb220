/**
 * For the tests of the plumbing: a real NATS, Redis and Postgres, started once for the run on free ports in a temporary
 * folder, and removed after it. A test file gets the addresses by `inject("natsUrl")` and so on, and makes its own
 * database, stream or key prefix on them.
 */
import path from "node:path";
import type { TestProject } from "vitest/node";
import { provide } from "../playground/provide/provide.ts";
import { freePorts } from "../playground/runner/ports.ts";
import { temporaryState } from "../playground/temporary.fixture.ts";
import { reporterOn } from "../playground/terminal/report.ts";

declare module "vitest" {
  export interface ProvidedContext {
    /** With user and password. */
    natsUrl: string;
    /** With password. */
    redisUrl: string;
    /** For a superuser. */
    postgresUrl: string;
  }
}

/** The environment without `BATON_NATS_URL` and the like: tests delete data, so they use only their own servers. */
const ownServers = (env: NodeJS.ProcessEnv): NodeJS.ProcessEnv => ({
  ...env,
  BATON_NATS_URL: "",
  BATON_REDIS_URL: "",
  BATON_POSTGRES_URL: "",
});

/** Set by the mutation run, so that its many runs share servers. */
const SHARED = "BATON_TEST_SERVERS";
const NAMES = ["natsUrl", "redisUrl", "postgresUrl"] as const;

/** The environment for a child run that uses the servers at these addresses. */
export const sharedServers = (urls: Record<(typeof NAMES)[number], string>) => ({
  [SHARED]: JSON.stringify(urls),
});

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const shared = process.env[SHARED];
  if (shared) {
    const urls = JSON.parse(shared) as Record<(typeof NAMES)[number], string>;
    for (const name of NAMES) project.provide(name, urls[name]);
    return async () => {};
  }
  const { dir, remove } = await temporaryState();
  const servers = await provide({
    root: path.dirname(import.meta.dirname),
    dir,
    ports: await freePorts(),
    env: ownServers(process.env),
    keep: false,
    services: [],
    report: reporterOn(process.stderr),
    signal: new AbortController().signal,
  }).catch(async (error) => {
    await remove();
    throw error;
  });
  project.provide("natsUrl", servers.natsUrl);
  project.provide("redisUrl", servers.redisUrl);
  project.provide("postgresUrl", servers.postgresUrl);
  return async () => {
    await servers.stop();
    await remove();
  };
}
