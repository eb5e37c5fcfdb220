/** What a figure was measured on, because it says little without. */
import os from "node:os";

export interface Machine {
  readonly cores: number;
  readonly cpu: string;
  readonly memoryGb: number;
  readonly os: string;
  readonly node: string;
  /** The load average of the minute before: above 0 something else was running, too. */
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

/** In one line. The kernel's version stays in the record. */
export const machineText = ({ cores, cpu, memoryGb, node, loadBefore }: Machine): string =>
  `${cores} cores (${cpu}), ${memoryGb} GB, Node ${node}, load ${loadBefore.toFixed(2)} before`;
