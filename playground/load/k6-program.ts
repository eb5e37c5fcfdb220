/** Finds the k6 that runs the load: a program, or else the official image, if a Docker engine answers. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { Problem } from "../problem.ts";
import { catalogue } from "../stack/catalogue.ts";
import { type StackProgramOptions, stackProgram } from "../stack/program.ts";

const run = promisify(execFile);
const DOCKER_ANSWERS_WITHIN_MS = 10_000;

export type K6 =
  | { readonly kind: "program"; readonly file: string }
  | { readonly kind: "image"; readonly image: string };

/** True when a Docker engine answers; the client alone is of no use. */
async function hasDocker(env: NodeJS.ProcessEnv): Promise<boolean> {
  return run("docker", ["info"], { env, timeout: DOCKER_ANSWERS_WITHIN_MS }).then(
    () => true,
    () => false,
  );
}

/** The image of the version that would be built with Go. */
function imageOf(): string | null {
  const { origin } = catalogue.k6;
  return origin.kind === "go" ? `grafana/k6:${origin.version.replace(/^v/, "")}` : null;
}

/**
 * A k6: from the PATH, from the cache, built there once with Go, else the image. Rejects with the Problem
 * `server_missing`, which says why it could not be built and how to get it.
 */
export async function findK6(
  options: StackProgramOptions,
  engineAnswers: (env: NodeJS.ProcessEnv) => Promise<boolean> = hasDocker,
): Promise<K6> {
  try {
    return { kind: "program", file: (await stackProgram("k6", options)).path };
  } catch (error) {
    const image = imageOf();
    const isMissing = error instanceof Problem && error.code === "server_missing";
    if (isMissing && image && (await engineAnswers(options.env))) return { kind: "image", image };
    throw error;
  }
}
