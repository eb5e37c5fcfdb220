/** Reads compose.yaml as data, for its tests with and without an engine. */
import { readFile } from "node:fs/promises";
import path from "node:path";
import { parse } from "yaml";

export const root = path.dirname(import.meta.dirname);

export interface ComposeService {
  readonly image: string;
  readonly build?: string;
  readonly user?: string;
  readonly command?: string | readonly string[];
  readonly environment?: Readonly<Record<string, string | null>>;
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly profiles?: readonly string[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly healthcheck?: { readonly test: readonly string[]; readonly interval: string };
  readonly mem_limit?: string;
  readonly extends?: { readonly service: string };
  readonly deploy?: { readonly replicas: number };
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly stop_grace_period?: string;
  readonly pids_limit?: number;
  readonly privileged?: boolean;
  readonly cap_add?: readonly string[];
  readonly network_mode?: string;
}

export interface Compose {
  readonly name: string;
  readonly services: Readonly<Record<string, ComposeService>>;
  readonly volumes: Readonly<Record<string, unknown>>;
}

/** Reads a compose file, from the project's root, with its anchors and merges resolved. */
export async function readCompose(file = "compose.yaml"): Promise<Compose> {
  const customTags = ["!reset", "!override"].map((tag) => ({ tag, collection: "seq" as const }));
  return parse(await readFile(path.join(root, file), "utf8"), { merge: true, customTags }) as Compose;
}

/** `text` with each `${NAME:-preset}` replaced by its preset. */
export const preset = (text: string): string => text.replaceAll(/\$\{\w+:-([^}]*)\}/g, "$1");

/** Megabytes (2^20 bytes) of a limit such as `136m`. */
export function megabytes(limit: string): number {
  const [, number, unit] = /^(\d+)([mg])$/.exec(limit) ?? [];
  if (number === undefined) throw new Error(`"${limit}" is no limit in m or g`);
  return Number(number) * (unit === "g" ? 1024 : 1);
}
