/** Builds a program of the stack with Go, at the pinned version, into a folder. */
import { execFile } from "node:child_process";
import { chmod, cp, readdir, readFile, rename, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { COLLECTOR_VERSION, type Origin } from "./catalogue.ts";

const run = promisify(execFile);
/** Jaeger takes 10 minutes on two cores when nothing is downloaded yet. */
const BUILD_TIMEOUT_MS = 45 * 60_000;
const MAX_OUTPUT_BYTES = 16 * 1024 * 1024;
/** A build runs at low priority: it is in no hurry. */
const LOW_PRIORITY = 10;

export interface BuildContext {
  /** The project's folder. */
  readonly root: string;
  /** An empty folder to work in. */
  readonly work: string;
  /** The program to make. */
  readonly file: string;
  /** With PATH, and all variables for Go. */
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
}

type Go = (args: readonly string[]) => Promise<string>;

/** Runs go in `cwd`. Programs are built without C, like the Collector's own releases, so that they run anywhere. */
const goIn =
  (cwd: string, { work, env, signal }: BuildContext): Go =>
  async (args) => {
    const running = run("go", [...args], {
      cwd,
      // The Collector's builder leaves a folder behind in TMPDIR.
      env: { ...env, CGO_ENABLED: "0", TMPDIR: work },
      signal,
      timeout: BUILD_TIMEOUT_MS,
      maxBuffer: MAX_OUTPUT_BYTES,
    });
    const { pid } = running.child;
    if (pid !== undefined) lowerPriority(pid);
    return (await running).stdout;
  };

function lowerPriority(pid: number): void {
  try {
    os.setPriority(pid, LOW_PRIORITY);
  } catch {
    // It has ended already.
  }
}

/** Whether go can be run with this environment. */
export async function hasGo(env: NodeJS.ProcessEnv): Promise<boolean> {
  return run("go", ["version"], { env }).then(
    () => true,
    () => false,
  );
}

/** Builds a program from `origin`. Rejects with go's own error, whose `stderr` says what was wrong. */
export async function build(
  origin: Extract<Origin, { kind: "collector" | "go" }>,
  context: BuildContext,
): Promise<void> {
  if (origin.kind === "collector") return buildCollector(origin.builder, context);
  const { module, version, main, flags = "" } = origin;
  const source = path.join(context.work, "source");
  const downloaded = await goIn(context.work, context)(["mod", "download", "-json", `${module}@${version}`]);
  const { Dir: sources } = JSON.parse(downloaded) as { Dir: string };
  // The build runs in a copy of the released sources, with the release's own list of dependencies and checksums.
  // `go install` would use neither, and refuses modules that replace others. The module cache is read-only.
  await cp(sources, source, { recursive: true });
  await makeWritable(source);
  const linker = `-ldflags=-s -w ${flags}`.trimEnd();
  await goIn(source, context)(["build", "-trimpath", linker, "-o", context.file, main]);
}

/** Lets the owner write in every folder below `folder`, so that it can be removed again. */
async function makeWritable(folder: string): Promise<void> {
  await chmod(folder, 0o755);
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) await makeWritable(path.join(folder, entry.name));
  }
}

async function buildCollector(builder: string, context: BuildContext): Promise<void> {
  const { root, work, file } = context;
  const output = path.join(work, "source");
  const manifest = await readFile(path.join(root, "collector", "builder.yaml"), "utf8");
  // The builder takes the folder from the manifest only. A JSON string is a YAML string.
  const here = manifest.replace(/^dist:$/m, `dist:\n  output_path: ${JSON.stringify(output)}`);
  const config = path.join(work, "builder.yaml");
  await writeFile(config, here);
  await goIn(work, context)(["run", `${builder}@v${COLLECTOR_VERSION}`, `--config=${config}`]);
  await rename(path.join(output, "otelcol"), file);
}
