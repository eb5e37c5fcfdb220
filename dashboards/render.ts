/**
 * Renders the dashboards to the JSON files that Grafana provisions, and the alerts to the YAML that Prometheus reads.
 * `npm run dashboards` writes them, and a test checks that they are up to date. They are committed, so that they can be
 * read or mounted without Node. For a Grafana of one's own:
 *
 *     npm run dashboards -- --to FOLDER [--prometheus UID] [--jaeger UID] [--loki UID] [--lens URL]
 */
import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { parseArgs } from "node:util";
import { rulesFile } from "./alerts/alert.ts";
import { CASES } from "./alerts/cases.ts";
import { ALERTS } from "./alerts/groups.ts";
import { integrity } from "./boards/integrity.ts";
import { load } from "./boards/load.ts";
import { overview } from "./boards/overview.ts";
import { pipeline } from "./boards/pipeline.ts";
import { runtime } from "./boards/runtime.ts";
import { servers } from "./boards/servers.ts";
import { telemetry } from "./boards/telemetry.ts";
import type { Rendered } from "./dashboard.ts";
import { OWN, type Sources } from "./datasources.ts";

/** In reading order. */
const dashboards: readonly Rendered[] = [overview, pipeline, integrity, load, runtime, servers, telemetry];

/** The folder with the JSON. */
export const DASHBOARDS_DIR = path.join(import.meta.dirname, "provisioning/grafana/dashboards");
/** The folder with the alerts. */
export const RULES_DIR = path.join(import.meta.dirname, "provisioning/prometheus/rules");

/** The JSON of every dashboard, by file name. `sources`: what its variables are until others are chosen. */
export function render(sources: Sources = OWN): ReadonlyMap<string, string> {
  return new Map(
    dashboards.map(({ name, build }) => [`${name}.json`, `${JSON.stringify(build(sources), null, 2)}\n`]),
  );
}

/** The YAML of the alerts and of their tests, by file name. */
export const renderRules = (): ReadonlyMap<string, string> =>
  new Map([
    ["baton.rules.yaml", rulesFile(ALERTS)],
    ["baton.test.yaml", CASES],
  ]);

/** Writes the files into the folder, which is made when it is not there, and removes others with this ending. */
async function write(dir: string, files: ReadonlyMap<string, string>, ending: string): Promise<void> {
  await mkdir(dir, { recursive: true });
  for (const file of await readdir(dir)) {
    if (file.endsWith(ending) && !files.has(file)) await rm(path.join(dir, file));
  }
  for (const [file, text] of files) await writeFile(path.join(dir, file), text);
}

/** What the command's arguments ask for. Throws when one is unknown, or when uids are given without a folder. */
export function wanted(args: readonly string[]): {
  readonly to?: string | undefined;
  readonly sources: Sources;
} {
  const text = { type: "string" } as const;
  const options = { to: text, prometheus: text, jaeger: text, loki: text, lens: text };
  const { to, ...sources } = parseArgs({ args: [...args], options }).values;
  if (to === undefined && Object.keys(sources).length > 0)
    throw new Error("uids are for another Grafana: say --to FOLDER, too");
  return { to, sources: { ...OWN, ...sources } };
}

async function main(): Promise<void> {
  const { to, sources } = wanted(process.argv.slice(2));
  if (to === undefined) {
    await write(DASHBOARDS_DIR, render(), ".json");
    await write(RULES_DIR, renderRules(), ".yaml");
    return;
  }
  // A folder of the user's may have other files in it: none is removed.
  await mkdir(to, { recursive: true });
  for (const [file, json] of render(sources)) await writeFile(path.join(to, file), json);
}

if (import.meta.main) await main();
