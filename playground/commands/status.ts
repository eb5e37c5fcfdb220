/** `npm run status`: what runs here, whether it is ready, its memory, its rates and its backlogs. */
import { lens, services, ports as sharedPorts } from "../../services/topology.ts";
import type { Command, Io } from "../command.ts";
import { type CopyCounts, copyCounts, copyText } from "../copy-counts.ts";
import { EXIT } from "../exit.ts";
import { listens } from "../runner/listens.ts";
import { type Run, type RunPart, runningIn } from "../runner/state.ts";
import { type Figures, figuresOf } from "../status/figures.ts";
import { MEANINGS, type Meaning, withUnit } from "../status/meanings.ts";
import { MEMORY_KIND, memoryOf } from "../status/memory.ts";
import { type Paint, paintFor, table } from "../terminal/paint.ts";

/** Long, because a busy part answers late and is still ready. */
const PROBE_TIMEOUT_MS = 5_000;
const MB = 1024 * 1024;
/** States of a part that does its work. */
const WELL = ["ready", "runs", "given"];

/** What is shown of one part. */
interface Shown extends RunPart {
  readonly state: string;
  readonly memoryBytes: number;
  readonly does: string;
}

/** What `--json` prints. */
interface Report {
  readonly running: true;
  /** Every part of the topology is there and ready. */
  readonly ready: boolean;
  readonly pid: number;
  readonly since: string;
  readonly urls: Run["urls"];
  readonly parts: readonly Shown[];
  readonly memoryBytes: number;
  readonly figures: Figures;
  /** Of the figures that are metrics, too. */
  readonly meanings: Readonly<Record<string, Meaning>>;
  /** What has become of the copy of all telemetry; null without one. */
  readonly copy: CopyCounts | null;
}

/** Servers have no readiness page: one that listens runs. A server that was given is not checked. */
async function stateOf({ ready, pid, port, exits }: RunPart): Promise<string> {
  const isGiven = !ready && pid === null && exits === 0;
  if (isGiven) return "given";
  if (pid === null) return "restarting";
  if (!ready) return (await listens("127.0.0.1", port)) ? "runs" : "not ready";
  try {
    const response = await fetch(ready, { signal: AbortSignal.timeout(PROBE_TIMEOUT_MS) });
    await response.body?.cancel();
    return response.status === 200 ? "ready" : `not ready (${response.status})`;
  } catch {
    return "not ready";
  }
}

const does = (name: string): string => [lens, ...services].find((part) => part.name === name)?.does ?? "";
const isServer = (name: string): boolean => name in sharedPorts && !name.startsWith("otlp");
const expected = [...services, lens]
  .map(({ name }) => name)
  .concat(Object.keys(sharedPorts).filter(isServer));

async function look(run: Run, io: Io): Promise<Report> {
  const pids = [run.pid, ...run.parts.map(({ pid }) => pid ?? 0)];
  const [figures, memory, states, copy] = await Promise.all([
    figuresOf(run, io),
    memoryOf(pids),
    Promise.all(run.parts.map(stateOf)),
    copyCounts(run.copyPage),
  ]);
  const parts = run.parts.map((part, i) => {
    const state = states[i] ?? "";
    return { ...part, state, memoryBytes: memory[i + 1] ?? 0, does: does(part.name) };
  });
  const names = new Set(parts.map(({ name }) => name));
  const ready = expected.every((name) => names.has(name)) && parts.every(({ state }) => WELL.includes(state));
  const { pid, since, urls } = run;
  return {
    running: true,
    ready,
    pid,
    since,
    urls,
    parts,
    memoryBytes: memory[0] ?? 0,
    figures,
    meanings: MEANINGS,
    copy,
  };
}

const megabytes = (bytes: number): string => (bytes > 0 ? `${(bytes / MB).toFixed(0)} MB` : "-");
const figure = (value: number | null, digits = 0): string => (value === null ? "?" : value.toFixed(digits));

/** A backlog: how much it is, and its metric in the words of the registry. */
function backlog(heading: string, name: keyof typeof MEANINGS, figures: Figures): string[] {
  const { metric, unit, means } = MEANINGS[name];
  return [heading, withUnit(figures[name], unit), `${metric}: ${means}`];
}

function print({ ready, pid, since, parts, memoryBytes, figures, copy }: Report, paint: Paint): string {
  const rows = parts.map((part) => [
    part.name,
    String(part.port),
    part.pid === null ? "-" : String(part.pid),
    part.state,
    megabytes(part.memoryBytes),
    part.exits === 0 ? "" : `exited ${part.exits}x`,
    part.does,
  ]);
  const [heading = "", ...lines] = table([
    ["part", "port", "process", "state", `memory (${MEMORY_KIND})`, "", ""],
    ...rows,
  ]).split("\n");
  const flows = table([
    ["flowing", `${figure(figures.checkoutsPerSecond, 1)} checkouts/s`, "orders that were stored"],
    ["", `${figure(figures.spansPerSecond)} spans/s`, "that lens received"],
    backlog("waiting", "outbox", figures),
    backlog("", "streams", figures),
    backlog("", "queues", figures),
    backlog("given up", "deadLetters", figures),
    ...(copy ? [["copy", copyText(copy), "of all telemetry, to a backend of your own"]] : []),
    ["memory in all", megabytes(memoryBytes), "the runner and the guards included"],
  ]);
  return (
    `playground of process ${pid}, since ${since}: ${ready ? "ready" : paint("red", "not all of it is ready")}\n\n` +
    `${paint("bold", heading)}\n${lines.join("\n")}\n\n${flows}\n`
  );
}

/** Looks once and prints; resolves to the exit status. */
async function once(io: Io, asJson: boolean): Promise<number> {
  const run = await runningIn(io.dir);
  if (!run) {
    const said = `no playground is running here (${io.dir})\nStart one with: npm start`;
    io.out.write(`${asJson ? JSON.stringify({ running: false, ready: false }) : said}\n`);
    return EXIT.failed;
  }
  const report = await look(run, io);
  io.out.write(asJson ? `${JSON.stringify(report, null, 2)}\n` : print(report, paintFor(io.out)));
  return report.ready ? EXIT.ok : EXIT.notReady;
}

export const status: Command = {
  name: "status",
  summary: "Says whether a playground runs here, with the state and memory of each part, rates and backlogs.",
  usage: "[-- --json] [--watch]",
  details: [
    "  --json    the same for programs; with --watch one object after another",
    "  --watch   again and again, until Ctrl-C",
    "",
    "  With a copy of all telemetry for another backend: how many items it took, how many it never got, and why.",
    "",
    `  Memory is ${MEMORY_KIND}, of a process and its children. A rate is measured over one second.`,
  ].join("\n"),
  example: "npm run status\nnpm run status -- --json",
  statuses: {
    [EXIT.ok]: "it runs and every part is ready",
    [EXIT.failed]: "no playground runs here",
    [EXIT.notReady]: "it runs, and not every part is ready",
  },
  options: { json: { type: "boolean" }, watch: { type: "boolean" } },
  positionals: { least: 0, most: 0, what: "" },
  async run({ values }, io) {
    const asJson = values.json === true;
    // No pause is needed: each look takes a second.
    for (;;) {
      if (values.watch === true && io.out.isTTY) io.out.write("\x1b[2J\x1b[H");
      const status = await once(io, asJson);
      if (values.watch !== true || status === EXIT.failed || io.signal.aborted) return status;
    }
  },
};
