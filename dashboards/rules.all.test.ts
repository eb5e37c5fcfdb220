/** Checks Prometheus' configuration, its rules and the panels' queries with Prometheus' own promtool. */
import { execFile } from "node:child_process";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { stackProgram } from "../playground/stack/program.ts";
import { silent } from "../playground/terminal/report.ts";
import { patient } from "../tests/patience.ts";
import { PROMETHEUS_DIR, queriesOf, readRules } from "./queries.ts";

const run = promisify(execFile);
const root = path.dirname(import.meta.dirname);
const work = await mkdtemp(path.join(os.tmpdir(), "baton-rules-"));
afterAll(() => rm(work, { recursive: true }));

const found = await stackProgram("promtool", {
  root,
  dir: work,
  env: process.env,
  report: silent,
  signal: AbortSignal.timeout(patient(240_000)),
}).catch((error: unknown) => String(error));
const missing = typeof found === "string" ? found : "";

/** Runs promtool in a copy of Prometheus' folder; resolves to its whole output, and whether it succeeded. */
async function promtool(...args: string[]): Promise<{ ok: boolean; said: string }> {
  if (typeof found === "string") throw new Error(found);
  try {
    const { stdout, stderr } = await run(found.path, args, { cwd: work, maxBuffer: 16 * 1024 * 1024 });
    return { ok: true, said: stdout + stderr };
  } catch (error) {
    const { stdout = "", stderr = "" } = error as { stdout?: string; stderr?: string };
    return { ok: false, said: stdout + stderr };
  }
}

// reason: promtool is not available on every machine; the reason is in the name of the suite.
describe.skipIf(missing !== "")(`promtool${missing && ` (${missing})`}`, () => {
  beforeAll(() => cp(PROMETHEUS_DIR, work, { recursive: true }));

  test("accepts the configuration and finds all rules", async () => {
    const { ok, said } = await promtool("check", "config", "prometheus.yml");
    expect(said).toContain(`${(await readRules()).length} rules found`);
    expect(ok, said).toBe(true);
  });

  test("passes the tests of each alert", async () => {
    const { ok, said } = await promtool("test", "rules", "rules/baton.test.yaml");
    expect(ok, said).toBe(true);
  });

  test("fails its tests when an alert never fires, or always: each is tested both ways", async () => {
    const file = path.join(work, "rules/baton.rules.yaml");
    const sound = await readFile(file, "utf8");
    const untested: string[] = [];
    for (const { alert } of await readRules()) {
      for (const expr of ["vector(0) > 1", "vector(1) > 0"]) {
        const rules = parse(sound) as { groups: { rules: { alert: string; expr: string }[] }[] };
        const rule = rules.groups.flatMap((group) => group.rules).find((one) => one.alert === alert);
        if (rule) rule.expr = expr;
        await writeFile(file, stringify(rules));
        const { ok } = await promtool("test", "rules", "rules/baton.test.yaml");
        if (ok) untested.push(`${alert} as ${expr}`);
      }
    }
    await writeFile(file, sound);
    expect(untested).toEqual([]);
  });

  test("accepts the query of every panel: Prometheus' own parser is stricter than the one in Node", async () => {
    const queries = await queriesOf();
    const rules = queries.map(({ expr }, index) => ({ record: `query_${index}`, expr }));
    const file = path.join(work, "panels.yaml");
    await writeFile(file, stringify({ groups: [{ name: "panels", rules }] }));
    const { ok, said } = await promtool("check", "rules", file);
    expect(ok, said).toBe(true);
    expect(said).toContain(`${queries.length} rules found`);
  });
});
