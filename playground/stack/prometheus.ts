/** Prometheus as a local program: the configuration of compose, with targets on the loopback. */
import { cp, mkdir, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { serverEnv } from "../provide/server.ts";
import type { StackPart } from "./part.ts";
import type { StackPorts } from "./ports.ts";

export interface PrometheusInput {
  readonly root: string;
  /** State folder. */
  readonly dir: string;
  /** Keeps the series of the last run. */
  readonly keep: boolean;
  readonly lensPort: number;
  readonly stack: StackPorts;
}

/** The targets file, as JSON, which is YAML. The jobs are those that the dashboards ask for. */
export function targets(lensPort: number, stack: StackPorts): string {
  const target = (job: string, port: number) => ({ targets: [`127.0.0.1:${port}`], labels: { job } });
  const all = [
    target("lens", lensPort),
    target("otelcol", stack.collectorMetrics),
    target("prometheus", stack.prometheus),
  ];
  return `${JSON.stringify(all, null, 2)}\n`;
}

/** Prometheus, run from `file`: makes its folder below the state folder, with configuration, rules and series. */
export async function prometheusPart(file: string, input: PrometheusInput): Promise<StackPart> {
  const { root, dir, keep, lensPort, stack } = input;
  const home = path.join(dir, "stack", "prometheus");
  const config = path.join(home, "config");
  await rm(keep ? config : home, { recursive: true, force: true });
  await mkdir(home, { recursive: true });
  // Paths in the configuration are relative to it, so a copy with other targets is enough.
  await cp(path.join(root, "dashboards", "provisioning", "prometheus"), config, { recursive: true });
  await writeFile(path.join(config, "targets", "baton.yaml"), targets(lensPort, stack));
  return {
    port: stack.prometheus,
    ready: `http://127.0.0.1:${stack.prometheus}/-/ready`,
    spec: {
      name: "prometheus",
      command: file,
      args: [
        `--config.file=${path.join(config, "prometheus.yml")}`,
        `--storage.tsdb.path=${path.join(home, "data")}`,
        "--storage.tsdb.retention.time=24h",
        "--storage.tsdb.retention.size=512MB",
        `--web.listen-address=127.0.0.1:${stack.prometheus}`,
        // The Collector writes to it, and an exemplar leads from a spike to its trace.
        "--web.enable-remote-write-receiver",
        "--enable-feature=exemplar-storage",
      ],
      env: serverEnv(),
      cwd: home,
      logFile: path.join(dir, "logs", "prometheus.log"),
      // Every sample is in its write-ahead log already.
      stopWithinMs: 1_000,
    },
  };
}
