/**
 * `npm run render`: writes what services/topology.ts and the registry of names declare, and what the documents repeat
 * of other code, into the files that repeat it. A test names each file that is out of date. The result is committed, so
 * that it can be read and used without Node.
 */
import { readdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import type { Service } from "../../services/declare.ts";
import { services } from "../../services/topology.ts";
import { readRegistry } from "../../telemetry/registry.ts";
import { conventions, instruments, logFields } from "../../telemetry/render/code.ts";
import { nameTables } from "../../telemetry/render/tables.ts";
import { withBlocks } from "./blocks.ts";
import { containers, replicas, shared } from "./compose.ts";
import { withCounts } from "./counts.ts";
import { databasesSql } from "./databases.ts";
import { exampleBlocks } from "./examples.ts";
import { otelPassed, otelTable } from "./otel.ts";
import { placeList } from "./places.ts";
import { portTable, serviceTable, shapeTable } from "./tables.ts";

const BLOCKS: Readonly<Record<string, (services: readonly Service[]) => readonly string[]>> = {
  shared,
  containers,
  replicas,
  ports: portTable,
  services: serviceTable,
  shapes: shapeTable,
  places: placeList,
  ...exampleBlocks,
  otel: otelTable,
  "otel-passed": otelPassed,
};

/** A file as it is and as it should be. */
export interface Rendered {
  /** From the project's root. */
  readonly file: string;
  readonly kept: string;
  readonly text: string;
}

/** Files with blocks, or with sentences that count the services. Not the changelog, which describes the past. */
async function documents(root: string): Promise<string[]> {
  const texts = async (folder: string): Promise<string[]> =>
    (await readdir(path.join(root, folder)))
      .filter((file) => file.endsWith(".md") && file !== "CHANGELOG.md")
      .map((file) => path.posix.join(folder, file));
  return ["compose.yaml", "collector/scaled/compose.yaml", ...(await texts(".")), ...(await texts("docs"))];
}

/** The product's version. */
async function versionOf(root: string): Promise<string> {
  const { version }: { version: string } = JSON.parse(
    await readFile(path.join(root, "package.json"), "utf8"),
  );
  return version;
}

/**
 * Every rendered file but the constants, as it is and as it should be. Throws when a block has no end, has an unknown
 * name, or is in no file, and when the constants are stale.
 */
export async function rendered(root: string, all: readonly Service[] = services): Promise<Rendered[]> {
  const registry = await readRegistry();
  // Only now: the dashboards cannot be loaded while the constants below lack a name, or have one that is gone.
  const { grafanaTables } = await import("../../dashboards/tables.ts");
  const tables = { ...nameTables(registry), ...(await grafanaTables()) };
  const missing = new Set([...Object.keys(BLOCKS), ...Object.keys(tables)]);
  const found: Rendered[] = [];
  for (const file of await documents(root)) {
    const kept = await readFile(path.join(root, file), "utf8");
    const { text, names } = withBlocks(file, kept, (name) => BLOCKS[name]?.(all) ?? tables[name]);
    for (const name of names) missing.delete(name);
    found.push({ file, kept, text: file.endsWith(".md") ? withCounts(text, all.length) : text });
  }
  if (missing.size > 0) throw new Error(`no file has the block ${[...missing].join(" or ")}`);
  return [...found, ...(await whole(root, { "services/databases.sql": databasesSql(all) }))];
}

/** The constants that code imports, rendered from the registry. */
export async function renderedCode(root: string): Promise<Rendered[]> {
  const registry = await readRegistry();
  return whole(root, {
    "services/_kit/telemetry/conventions.ts": conventions(registry, await versionOf(root)),
    "services/_kit/telemetry/instruments.ts": instruments(registry),
    "services/_kit/telemetry/log-fields.ts": logFields(registry),
  });
}

/** Files of which every line is rendered: their texts by their names. */
const whole = (root: string, texts: Readonly<Record<string, string>>): Promise<Rendered[]> =>
  Promise.all(
    Object.entries(texts).map(async ([file, text]) => ({
      file,
      text,
      kept: await readFile(path.join(root, file), "utf8").catch(() => ""),
    })),
  );

/** Writes the files that are out of date, and names them. Resolves to their number. */
async function write(root: string, files: readonly Rendered[]): Promise<number> {
  const stale = files.filter(({ kept, text }) => kept !== text);
  for (const { file, text } of stale) {
    await writeFile(path.join(root, file), text);
    console.log(`rendered ${file}`);
  }
  return stale.length;
}

if (import.meta.main) {
  const root = path.resolve(import.meta.dirname, "../..");
  const code = await write(root, await renderedCode(root));
  const others = await write(root, await rendered(root));
  if (code + others === 0) console.log("everything is in step");
}
