/** Passwords of the private servers: derived from one random secret in a file that only its owner can read. */
import { createHmac, randomBytes } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { systemCode } from "../problem.ts";

/**
 * Reads the secret below `dir`, or makes it, and returns a function that derives a password (32 hex digits) for a name.
 * The secret is kept with the data, because kept data needs the passwords that it was made with.
 */
export async function passwords(dir: string): Promise<(name: string) => string> {
  const file = path.join(dir, "data", "secret");
  await mkdir(path.dirname(file), { recursive: true });
  try {
    await writeFile(file, randomBytes(32).toString("hex"), { mode: 0o600, flag: "wx" });
  } catch (error) {
    if (systemCode(error) !== "EEXIST") throw error;
  }
  const secret = await readFile(file, "utf8");
  return (name) => createHmac("sha256", secret).update(name).digest("hex").slice(0, 32);
}
