/** `npm run status`: what runs here. */
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { lens, services } from "../../services/topology.ts";
import type { Command } from "../command.ts";
import { paintFor, table } from "../paint.ts";
import { type RunPart, runningIn } from "../state.ts";

const run = promisify(execFile);
const PROBE_TIMEOUT_MS = 2_000;

/** Resident memory of process `pid` in MB; null when it cannot be told. */
async function residentMb(pid: number): Promise<number | null> {
  const text =
    process.platform === "linux"
      ? /^VmRSS:\s+(\d+) kB/m.exec(await readFile(`/proc/${pid}/status`, "utf8").catch(() => ""))?.[1]
      : (await run("ps", ["-o", "rss=", "-p", String(pid)]).catch(() => null))?.stdout.trim();
  return text ? Number(text) / 1024 : null;
}

async function readiness({ ready, pid }: RunPart): Promise<string> {
  if (!ready) return pid === null ? "given" : "runs";
  try {
    const response = await fetch(ready, { signal: AbortSignal.timeout(PROBE_TIMEOUT_MS) });
    await response.body?.cancel();
    return response.status === 200 ? "ready" : `not ready (${response.status})`;
  } catch {
    return pid === null ? "restarting" : "not ready";
  }
}

const does = (name: string): string => [lens, ...services].find((part) => part.name === name)?.does ?? "";

export const status: Command = {
  name: "status",
  summary: "Says whether a playground runs here, and of each part its process, port, readiness and memory.",
  usage: "",
  example: "npm run status",
  options: {},
  positionals: { least: 0, most: 0, what: "" },
  async run(_args, io) {
    const here = await runningIn(io.dir);
    if (!here) {
      io.out.write(`no playground is running here (${io.dir})\nStart one with: npm start\n`);
      return 1;
    }
    const rows = await Promise.all(
      here.parts.map(async (part) => {
        const mb = part.pid === null ? null : await residentMb(part.pid);
        return [
          part.name,
          String(part.port),
          part.pid === null ? "-" : String(part.pid),
          await readiness(part),
          mb === null ? "-" : `${mb.toFixed(0)} MB`,
          part.exits === 0 ? "" : `exited ${part.exits}x`,
          does(part.name),
        ];
      }),
    );
    const paint = paintFor(io.out);
    const [heading = "", ...lines] = table([
      ["part", "port", "process", "state", "memory", "", ""],
      ...rows,
    ]).split("\n");
    io.out.write(
      `playground of process ${here.pid}, since ${here.since}\n\n${paint("bold", heading)}\n${lines.join("\n")}\n`,
    );
    return 0;
  },
};
