/** What the rules of the score compare with: the conventions' attributes, and what the installed SDK supports. */
import { readFile } from "node:fs/promises";
import path from "node:path";
import * as conventions from "@opentelemetry/semantic-conventions/incubating";
import { root } from "../../../telemetry/files.ts";
import type { Registry } from "../../../telemetry/rows.ts";
import type { Known } from "./rules.ts";

/** The package has a constant for each: `ATTR_HTTP_ROUTE`. */
const STANDARD: ReadonlySet<unknown> = new Set(
  Object.entries(conventions)
    .filter(([constant]) => constant.startsWith("ATTR_"))
    .map(([, name]) => name),
);

export async function knownOf({ attributes, resource }: Registry): Promise<Known> {
  const sdk = path.join(root, "node_modules/@opentelemetry/sdk-node/package.json");
  const { engines }: { engines: { node: string } } = JSON.parse(await readFile(sdk, "utf8"));
  return {
    isAttribute: (name) => STANDARD.has(name) || attributes.has(name),
    ofResources: new Set(resource.keys()),
    node: process.versions.node,
    leastNode: engines.node.replace(/^>=/, ""),
  };
}
