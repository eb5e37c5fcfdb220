import { defineConfig } from "vitest/config";
import { mutate } from "./tests/mutate.ts";

/**
 * Four projects, so that a fast one never waits for servers that it does not use:
 * - unit: logic, no server at all;
 * - hop: plumbing on a real NATS, Redis and Postgres that are started once for the run;
 * - system: the whole playground as processes (`*.e2e.test.ts`);
 * - all: what takes long or needs more than a Node, for `npm run test:all` only (`*.all.test.ts`).
 */
const mutant = process.env.BATON_MUTANT;
const common = { plugins: [mutate(mutant)] };
export default defineConfig({
  test: {
    // A mutated module must come neither from nor into the cache of transformed ones.
    fsModuleCache: !mutant,
    // One core is not kept free, as the default does: with two of them that would be half.
    maxWorkers: "100%",
    projects: [
      {
        ...common,
        test: {
          name: "unit",
          include: ["**/*.test.ts"],
          exclude: [
            "**/node_modules/**",
            "**/.baton/**",
            "**/*.hop.test.ts",
            "**/*.e2e.test.ts",
            "**/*.all.test.ts",
          ],
        },
      },
      {
        ...common,
        test: {
          name: "hop",
          include: ["**/*.hop.test.ts"],
          exclude: ["**/node_modules/**", "**/.baton/**"],
          globalSetup: ["tests/servers.ts"],
          testTimeout: 20_000,
          hookTimeout: 60_000,
        },
      },
      {
        ...common,
        test: {
          name: "system",
          include: ["**/*.e2e.test.ts"],
          exclude: ["**/node_modules/**", "**/.baton/**"],
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: "all",
          include: ["**/*.all.test.ts"],
          exclude: ["**/node_modules/**", "**/.baton/**"],
          globalSetup: ["tests/servers.ts"],
          testTimeout: 300_000,
          hookTimeout: 300_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
