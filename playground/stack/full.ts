/** `--full`: starts the Collector, Jaeger, Prometheus and Grafana with a playground. */
import type { Servers } from "../provide/provide.ts";
import { type RunningPart, root, type Starting, type UpOptions } from "../runner/starting.ts";
import { collectorPart, collectorSettings, copySettings } from "./collector.ts";
import { grafanaPart } from "./grafana.ts";
import { jaegerPart } from "./jaeger.ts";
import type { StackPart } from "./part.ts";
import type { StackPorts } from "./ports.ts";
import { prometheusPart } from "./prometheus.ts";
import { type StackPrograms, stackPrograms } from "./stack.ts";

/** Parts whose address is printed, in this order. */
const SHOWN = ["jaeger", "prometheus", "grafana"];

export class FullStack {
  readonly #starting: Starting;
  readonly #ports: StackPorts;
  readonly #programs: StackPrograms;
  readonly #backends: readonly StackPart[];

  private constructor(
    starting: Starting,
    ports: StackPorts,
    programs: StackPrograms,
    backends: readonly StackPart[],
  ) {
    this.#starting = starting;
    this.#ports = ports;
    this.#programs = programs;
    this.#backends = backends;
  }

  /** Throws a Problem `usage` when a full stack is wanted and `user` has a wrong setting for it. */
  static check({ full, copy = null }: UpOptions, user: NodeJS.ProcessEnv): void {
    if (!full) return;
    collectorSettings(user);
    copySettings(copy);
  }

  /** Addresses, for people, of those `parts` that belong to the stack. */
  static addresses(parts: readonly RunningPart[]): Record<string, string> {
    const shown = SHOWN.flatMap((name) => parts.filter((part) => part.name === name));
    return Object.fromEntries(shown.map(({ name, port }) => [name, `http://127.0.0.1:${port}`]));
  }

  /** Finds or makes every program, which may take minutes the first time. Rejects as `stackProgram` does. */
  static async prepare(starting: Starting, ports: StackPorts): Promise<FullStack> {
    const { dir, keep = false, report, ports: own } = starting.options;
    const programs = await stackPrograms({ root, dir, env: process.env, report, signal: starting.signal });
    const common = { root, dir, lensPort: own.lens, stack: ports };
    const backends = [
      jaegerPart(programs.jaeger.path, root, dir, ports),
      await prometheusPart(programs.prometheus.path, { ...common, keep }),
      programs.grafana ? await grafanaPart(programs.grafana.path, common) : undefined,
    ];
    return new FullStack(
      starting,
      ports,
      programs,
      backends.filter((part) => part !== undefined),
    );
  }

  /** Other ports for lens: OTLP's own ports are the Collector's. */
  get lensEnvironment(): Record<string, string> {
    return {
      LENS_OTLP_HTTP_PORT: String(this.#ports.lensOtlpHttp),
      LENS_OTLP_GRPC_PORT: String(this.#ports.lensOtlpGrpc),
    };
  }

  /** Starts the programs that the Collector sends to; they need no other part. */
  startBackends(): Promise<void>[] {
    const { acquired } = this.#starting;
    return this.#backends.map((part) => this.#starting.stackPart(part, acquired.backends));
  }

  /** Starts the Collector, which asks Redis and Postgres for their figures. */
  startCollector(servers: Servers): Promise<void> {
    const { options, acquired } = this.#starting;
    const { dir, ports, copy = null } = options;
    const { redisUrl, postgresUrl } = servers;
    const addresses = { ports, stack: this.#ports, redisUrl, postgresUrl };
    const part = collectorPart(this.#programs.otelcol.path, {
      root,
      dir,
      ...addresses,
      user: process.env,
      copy,
    });
    return this.#starting.stackPart(part, acquired.collector);
  }

  /** One line: each program, its version and where it is from. */
  describe(): string {
    const { otelcol, jaeger, prometheus, grafana } = this.#programs;
    const words = Object.entries({ otelcol, jaeger, prometheus, grafana }).map(([name, program]) =>
      program ? `${name} ${program.version} (from the ${program.from})` : `no ${name} (it is not installed)`,
    );
    return words.join(", ");
  }
}
