/**
 * Renders the dashboards to the JSON files that Grafana provisions. `npm run dashboards` writes them, and a test checks
 * that they are up to date. They are committed, so that they can be read or mounted without Node.
 */
import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import path from "node:path";

import type { Rendered } from "./dashboard.ts";
import { integrity } from "./integrity.ts";
import { load } from "./load.ts";
import { overview } from "./overview.ts";
import { pipeline } from "./pipeline.ts";
import { runtime } from "./runtime.ts";
import { servers } from "./servers.ts";
import { telemetry } from "./telemetry.ts";

/** In reading order. */
const dashboards: readonly Rendered[] = [overview, pipeline, integrity, load, runtime, servers, telemetry];

/** The folder with the JSON. */
export const DASHBOARDS_DIR = path.join(import.meta.dirname, "provisioning/grafana/dashboards");

/** The JSON of every dashboard, by file name. */
export function render(): ReadonlyMap<string, string> {
  return new Map(
    dashboards.map(({ name, builder }) => [`${name}.json`, `${JSON.stringify(builder.build(), null, 2)}\n`]),
  );
}

/** Writes the files, and removes those of removed dashboards. */
async function write(): Promise<void> {
  await mkdir(DASHBOARDS_DIR, { recursive: true });
  const files = render();
  for (const file of await readdir(DASHBOARDS_DIR)) {
    if (file.endsWith(".json") && !files.has(file)) await rm(path.join(DASHBOARDS_DIR, file));
  }
  for (const [file, text] of files) await writeFile(path.join(DASHBOARDS_DIR, file), text);
}

if (import.meta.main) await write();
