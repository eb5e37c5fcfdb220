/**
 * For the tests of the plumbing: a real NATS, Redis and Postgres, started once for the run on free ports in a
 * temporary folder, and removed with it. A test file takes the addresses by `inject("natsUrl")` and so on, and makes
 * its own database, stream or key prefix on them.
 */
import { chmod, mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import type { TestProject } from "vitest/node";
import { freePorts } from "../playground/ports.ts";
import { provide } from "../playground/provide/provide.ts";
import { reporterOn } from "../playground/report.ts";

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

/** `BATON_NATS_URL` and the like are left alone: tests delete what they like on servers that are theirs only. */
const ownServers = (env: NodeJS.ProcessEnv): NodeJS.ProcessEnv => ({
  ...env,
  BATON_NATS_URL: "",
  BATON_REDIS_URL: "",
  BATON_POSTGRES_URL: "",
});

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const dir = await mkdtemp(path.join(os.tmpdir(), "baton-test-"));
  // As root, Postgres runs as nobody and must be able to enter.
  await chmod(dir, 0o711);
  const servers = await provide({
    root: path.dirname(import.meta.dirname),
    dir,
    ports: await freePorts(),
    env: ownServers(process.env),
    keep: false,
    services: [],
    report: reporterOn(process.stderr),
    signal: AbortSignal.timeout(240_000),
  });
  project.provide("natsUrl", servers.natsUrl);
  project.provide("redisUrl", servers.redisUrl);
  project.provide("postgresUrl", servers.postgresUrl);
  return async () => {
    await servers.stop();
    await rm(dir, { recursive: true, force: true });
  };
}
