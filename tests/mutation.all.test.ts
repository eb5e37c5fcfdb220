/**
 * Removes each inject, extract and link line, one at a time, and expects the hop's test to fail. A test that passes
 * without the line that it tests is worthless.
 */
import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { expect, inject, test } from "vitest";
import { mutants } from "./mutants.ts";
import { sharedServers } from "./servers.ts";

const root = path.dirname(import.meta.dirname);
const vitest = path.join(root, "node_modules/vitest/vitest.mjs");
const servers = sharedServers({
  natsUrl: inject("natsUrl"),
  redisUrl: inject("redisUrl"),
  postgresUrl: inject("postgresUrl"),
});

interface Run {
  readonly failed: number;
  readonly total: number;
  readonly output: string;
}

/** Runs one test file, with a mutant or (empty name) without. */
async function run(file: string, mutant: string): Promise<Run> {
  const project = file.endsWith(".hop.test.ts") ? "hop" : "unit";
  const folder = await mkdtemp(path.join(os.tmpdir(), "baton-mutation-"));
  const report = path.join(folder, "report.json");
  const args = ["run", "--project", project, "--reporter=json", `--outputFile=${report}`, "--bail=1", file];
  const child = spawn(process.execPath, [vitest, ...args], {
    cwd: root,
    env: { ...process.env, ...servers, BATON_MUTANT: mutant },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => {
      output += chunk;
    });
  }
  await new Promise((resolve) => child.once("close", resolve));
  try {
    const read = JSON.parse(await readFile(report, "utf8")) as {
      numFailedTests: number;
      numTotalTests: number;
    };
    return { failed: read.numFailedTests, total: read.numTotalTests, output };
  } catch {
    return { failed: 0, total: 0, output };
  } finally {
    await rm(folder, { recursive: true });
  }
}

test.for([...new Set(mutants.map((mutant) => mutant.test))])("%s passes without a mutant", async (file) => {
  const { failed, total, output } = await run(file, "");
  expect(total, output).toBeGreaterThan(0);
  expect(failed).toBe(0);
});

test.for(mutants)("$name: $test fails", async ({ name, test: file }) => {
  const { failed, output } = await run(file, name);
  expect(failed, output).toBeGreaterThan(0);
});
