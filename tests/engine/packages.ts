/** Debian's packages, unpacked into the user's cache: nothing is installed, and their scripts do not run. */
import { readdir } from "node:fs/promises";
import path from "node:path";
import { cacheDir, hasApt, systemId, unpackWithApt } from "../../playground/provide/apt.ts";
import { patient } from "../patience.ts";

const WITHIN_MS = patient(300_000);

/** The folder with the unpacked `names` and their dependencies; null without apt. Rejects with apt's error. */
export async function unpacked(names: readonly string[]): Promise<string | null> {
  if (!(await hasApt(process.env))) return null;
  const base = path.join(cacheDir(process.env), "engine", await systemId());
  const place = path.join(base, names.join("+"));
  const isThere = async (): Promise<boolean> => (await readdir(place).catch(() => [])).length > 0;
  if (!(await isThere()))
    await unpackWithApt(names, base, isThere, process.env, AbortSignal.timeout(WITHIN_MS));
  return place;
}
