/** The machine of a measurement. A figure says little without it. */
import os from "node:os";

export interface Machine {
  readonly cores: number;
  readonly cpu: string;
  readonly memoryGb: number;
  readonly os: string;
  readonly node: string;
  /** The load average of the minute before. Above 0, other programs were running. */
  readonly loadBefore: number;
}

export function thisMachine(): Machine {
  return {
    cores: os.availableParallelism(),
    cpu: os.cpus()[0]?.model.trim() ?? "unknown",
    memoryGb: Math.round(os.totalmem() / 2 ** 30),
    os: `${os.platform()} ${os.arch()}`,
    node: process.versions.node,
    loadBefore: Math.round((os.loadavg()[0] ?? 0) * 100) / 100,
  };
}

/** The machine in one line. */
export const machineText = ({ cores, cpu, memoryGb, node, loadBefore }: Machine): string =>
  `${cores} cores (${cpu}), ${memoryGb} GB, Node ${node}, load ${loadBefore.toFixed(2)} before`;
