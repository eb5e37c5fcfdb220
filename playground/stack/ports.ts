/** Ports of `npm start -- --full`, beyond those of the topology. The Collector takes OTLP's own, lens has others. */
import { Problem } from "../problem.ts";

/** Before `BATON_PORT_OFFSET`. */
export const stackPorts = {
  lensOtlpGrpc: 4319,
  lensOtlpHttp: 4320,
  collectorHealth: 13133,
  /** The Collector's own metrics, for Prometheus. */
  collectorMetrics: 8888,
  /** Takes OTLP from the Collector only. */
  jaegerOtlp: 14317,
  /** Page and query API. */
  jaeger: 16686,
  prometheus: 9090,
  grafana: 3000,
} as const;

export type StackPorts = Readonly<Record<keyof typeof stackPorts, number>>;

/** The stack's ports, each plus `offset`. Throws a Problem when one of them is too high. */
export function stackPortsFor(offset: number): StackPorts {
  const highest = Math.max(...Object.values(stackPorts));
  if (highest + offset > 65_535) {
    throw new Problem("usage", `BATON_PORT_OFFSET must be at most ${65_535 - highest} with --full`);
  }
  const moved = Object.entries(stackPorts).map(([name, port]) => [name, port + offset]);
  return Object.fromEntries(moved) as StackPorts;
}
