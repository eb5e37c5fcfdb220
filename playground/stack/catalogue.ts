/** The programs of the full stack: their names, sufficient versions, and where they come from when they are missing. */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import path from "node:path";
import type { Version } from "../provide/versions.ts";

export type StackProgramName = "otelcol" | "jaeger" | "prometheus" | "promtool" | "k6" | "grafana";

/** How a program is made when it is not on the PATH. */
export type Origin =
  /** By the Collector's builder, from collector/builder.yaml; `builder` is its package, of the same release. */
  | { readonly kind: "collector"; readonly builder: string }
  /** By `go build` of the folder `main` of a released module; `flags` for the linker. */
  | {
      readonly kind: "go";
      readonly module: string;
      readonly version: string;
      readonly main: string;
      readonly flags?: string;
    }
  /** From Debian's and Ubuntu's package of this name, unpacked privately. */
  | { readonly kind: "apt"; readonly package: string }
  /** Only its vendor has it. */
  | { readonly kind: "none" };

export interface StackProgramSpec {
  readonly title: string;
  /** Names on the PATH, best first. */
  readonly commands: readonly string[];
  /** Makes it print its version. */
  readonly versionArgs: readonly string[];
  /** The first version on the PATH that is sufficient. */
  readonly least: Version;
  readonly origin: Origin;
  /** Why it is needed, and how long the first build takes on two cores. Printed before the build. */
  readonly build?: { readonly needed: string; readonly lasts: string };
  /** How the user can get it, when it cannot be made here. */
  readonly advice: string;
}

/** The release of the Collector and of all its components, here, in builder.yaml and in compose.yaml. */
export const COLLECTOR_VERSION = "0.157.0";

const prometheus = {
  versionArgs: ["--version"],
  // The first version with both the remote write receiver and the storage of exemplars.
  least: [2, 42],
  origin: { kind: "apt", package: "prometheus" },
  advice: "apt-get install prometheus, brew install prometheus, or https://prometheus.io/download",
} as const;

export const catalogue: Readonly<Record<StackProgramName, StackProgramSpec>> = {
  otelcol: {
    title: "the OpenTelemetry Collector",
    commands: ["otelcol-contrib", "otelcol"],
    versionArgs: ["--version"],
    least: [0, 157],
    origin: { kind: "collector", builder: "go.opentelemetry.io/collector/cmd/builder" },
    build: { needed: "it receives all telemetry and sends it on", lasts: "some minutes" },
    advice: "the distribution otelcol-contrib from https://opentelemetry.io/docs/collector/installation",
  },
  jaeger: {
    title: "Jaeger",
    commands: ["jaeger"],
    versionArgs: ["version"],
    least: [2, 13],
    // The module's path has no /v2, so Go cannot name its 2.x tags: 1.76.0 is the last release with a tag of each kind,
    // and its cmd/jaeger is Jaeger 2.13.0. Without the release's own build the program does not know its version.
    origin: {
      kind: "go",
      module: "github.com/jaegertracing/jaeger",
      version: "v1.76.0",
      main: "./cmd/jaeger",
      flags: "-X github.com/jaegertracing/jaeger/internal/version.latestVersion=v2.13.0",
    },
    build: { needed: "it stores and shows traces", lasts: "about ten minutes" },
    advice: "Jaeger 2 from https://www.jaegertracing.io/download",
  },
  prometheus: { title: "Prometheus", commands: ["prometheus"], ...prometheus },
  promtool: { title: "Prometheus' promtool", commands: ["promtool"], ...prometheus },
  k6: {
    title: "k6",
    commands: ["k6"],
    versionArgs: ["version"],
    least: [2],
    origin: { kind: "go", module: "go.k6.io/k6/v2", version: "v2.2.0", main: "." },
    build: { needed: "it runs the scenarios of npm run load", lasts: "about three minutes" },
    advice: "k6 2 from https://grafana.com/docs/k6/latest/set-up/install-k6",
  },
  grafana: {
    title: "Grafana",
    commands: ["grafana"],
    versionArgs: ["--version"],
    least: [11],
    origin: { kind: "none" },
    advice: "https://grafana.com/grafana/download, or docker compose up, which has it",
  },
};

/**
 * The folder in the cache for a program that was made here. Its name covers everything that decides the result, so that
 * another version of Baton makes its own program. `root`: the project's folder.
 */
export async function cacheKey(name: StackProgramName, root: string): Promise<string> {
  const { origin } = catalogue[name];
  if (origin.kind === "apt") return origin.package;
  const system = `${process.platform}-${process.arch}`;
  if (origin.kind === "go") return `${name}-${origin.version}-${system}`;
  const manifest = await readFile(path.join(root, "collector", "builder.yaml"), "utf8");
  // Comments in it change nothing.
  const hash = createHash("sha256")
    .update(manifest.replace(/^\s*#.*\n/gm, ""))
    .digest("hex")
    .slice(0, 12);
  return `${name}-${COLLECTOR_VERSION}-${hash}-${system}`;
}
