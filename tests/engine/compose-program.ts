/** Docker Compose v2: the installed one, or one built once with Go, at a pinned version, into the user's cache. */
import { access, mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { cacheDir } from "../../playground/provide/apt.ts";
import { patient } from "../patience.ts";
import { output } from "./run.ts";

const MODULE = "github.com/docker/compose/v2";
const VERSION = "v2.40.3";
const BUILD_TIMEOUT_MS = 1_500_000;

/** A command and its first arguments, before Compose's own. */
export type ComposeProgram = readonly [string, ...string[]];

const built = (): string => path.join(cacheDir(process.env), "compose", VERSION, "docker-compose");

/** The Compose v2 installed on this machine or built by an earlier run; null when there is none. */
export async function findCompose(): Promise<ComposeProgram | null> {
  const isV2 = (text: string): boolean => /version v?2\.|version v?[3-9]/.test(text);
  const candidates: ComposeProgram[] = [["docker", "compose"], ["docker-compose"], [built()]];
  for (const [command, ...args] of candidates) {
    const said = await output(command, [...args, "version"], { timeoutMs: patient(20_000) }).catch(() => "");
    if (isV2(said)) return [command, ...args];
  }
  return null;
}

/** Like `findCompose`, but builds it if Go is installed; null without Compose and Go. Rejects with Go's error. */
export async function provideCompose(): Promise<ComposeProgram | null> {
  const found = await findCompose();
  if (found) return found;
  const hasGo = await output("go", ["version"]).then(Boolean, () => false);
  if (!hasGo) return null;
  const base = path.dirname(path.dirname(built()));
  await mkdir(base, { recursive: true });
  const work = await mkdtemp(path.join(base, ".work-"));
  try {
    // Built from a module of our own, because `go install` refuses a module whose go.mod excludes versions.
    await writeFile(path.join(work, "go.mod"), `module baton/compose\n\nrequire ${MODULE} ${VERSION}\n`);
    const flags = ["-mod=mod", "-trimpath", "-ldflags", `-s -w -X ${MODULE}/internal.Version=${VERSION}`];
    await output("go", ["build", ...flags, "-o", "docker-compose", `${MODULE}/cmd`], {
      cwd: work,
      env: { ...process.env, CGO_ENABLED: "0" },
      timeoutMs: BUILD_TIMEOUT_MS,
    });
    await mkdir(path.dirname(built()), { recursive: true });
    await rename(path.join(work, "docker-compose"), built());
    await access(built());
    return [built()];
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}
