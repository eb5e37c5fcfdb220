import { chmod, mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";

export interface TemporaryState {
  /** Absolute. */
  readonly dir: string;
  remove(): Promise<void>;
}

/** A temporary state folder for a test. As root, Postgres runs as nobody and must be able to enter it. */
export async function temporaryState(): Promise<TemporaryState> {
  const dir = await mkdtemp(path.join(os.tmpdir(), "baton-test-"));
  await chmod(dir, 0o711);
  return { dir, remove: () => rm(dir, { recursive: true, force: true }) };
}
