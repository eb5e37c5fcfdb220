import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";
import { mutate } from "./tests/mutate.ts";
import { measure, patient, VARIABLE } from "./tests/patience.ts";

/**
 * Four projects, so that a fast one never waits for servers that it does not use:
 * - unit: logic, without any server;
 * - hop: plumbing on a real NATS, Redis and Postgres that are started once for the run;
 * - system: the whole playground as processes (`*.e2e.test.ts`);
 * - all: tests that take long or need more than Node, for `npm run test:all` only (`*.all.test.ts`).
 *
 * Every timeout in the tests goes through `patient` of tests/patience.ts, whose factor adapts to the machine. The
 * factor is measured here, once for a run, unless it is given: `BATON_TEST_PATIENCE=20 npm test` waits 20 times as long
 * as on a quiet laptop.
 */
const mutant = process.env.BATON_MUTANT;
const common = { plugins: [mutate(mutant)] };
// The workers take over this process' environment.
process.env[VARIABLE] ??= String(await measure());
/**
 * The timeouts of a project's tests and hooks, for a quiet laptop. No test has its own: a wait inside it times out
 * earlier, by `eventually`, and says what it waited for.
 */
const bounds = (testMs: number, hookMs: number) => ({
  testTimeout: patient(testMs),
  hookTimeout: patient(hookMs),
  teardownTimeout: patient(30_000),
  expect: { poll: { timeout: patient(10_000) } },
});
export default defineConfig({
  test: {
    // A mutated module must neither come from the cache of transformed modules nor get into it.
    fsModuleCache: !mutant,
    // One more worker than cores, because waiting tests use no core. The default keeps a core free.
    maxWorkers: availableParallelism() + 1,
    projects: [
      {
        ...common,
        test: {
          name: "unit",
          ...bounds(40_000, 40_000),
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
          ...bounds(60_000, 60_000),
        },
      },
      {
        ...common,
        test: {
          name: "system",
          include: ["**/*.e2e.test.ts"],
          exclude: ["**/node_modules/**", "**/.baton/**"],
          ...bounds(60_000, 120_000),
        },
      },
      {
        test: {
          name: "all",
          include: ["**/*.all.test.ts"],
          exclude: ["**/node_modules/**", "**/.baton/**"],
          globalSetup: ["tests/servers.ts"],
          ...bounds(300_000, 300_000),
          fileParallelism: false,
        },
      },
    ],
  },
});
