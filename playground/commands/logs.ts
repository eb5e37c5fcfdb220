/** `npm run logs`: the log lines of all services about one request. */
import { createReadStream } from "node:fs";
import { readdir } from "node:fs/promises";
import path from "node:path";
import { createInterface } from "node:readline";
import type { Command, Io } from "../command.ts";
import { EXIT } from "../exit.ts";
import { Problem } from "../problem.ts";
import { belongsTo, clock, inOrder, type LogLine, parseLogLine, restOf } from "../terminal/log-lines.ts";
import { type Paint, paintFor, type Style } from "../terminal/paint.ts";

/** More than any request writes; a bound for ids that are in every line. */
const MOST_LINES = 10_000;

const levelStyle: Readonly<Record<string, Style>> = {
  WARN: "yellow",
  ERROR: "red",
  FATAL: "red",
  DEBUG: "dim",
  TRACE: "dim",
};

/** Lines of `file` that belong to `id`. A line without the id in its text, as most are, is not parsed. */
async function matching(file: string, id: string): Promise<LogLine[]> {
  const found: LogLine[] = [];
  for await (const text of createInterface({
    input: createReadStream(file),
    crlfDelay: Number.POSITIVE_INFINITY,
  })) {
    const line = text.includes(id) ? parseLogLine(text) : null;
    if (line && belongsTo(line, id)) found.push(line);
    if (found.length === MOST_LINES) break;
  }
  return found;
}

function print(line: LogLine, serviceWidth: number, paint: Paint): string {
  const rest = restOf(line);
  return [
    paint("dim", clock(line.timeMs)),
    paint("cyan", line.service.padEnd(serviceWidth)),
    paint(levelStyle[line.level] ?? "reset", line.level.padEnd(5)),
    line.message + (rest && `  ${paint("dim", rest)}`),
  ].join("  ");
}

/** Log files in the state folder; none when nothing has run here. */
async function logFiles(io: Io): Promise<string[]> {
  const folder = path.join(io.dir, "logs");
  const names = await readdir(folder).catch(() => []);
  // The older half of a long log is in a second file: see bound-log.ts.
  return names.filter((name) => /\.log(\.1)?$/.test(name)).map((name) => path.join(folder, name));
}

export const logs: Command = {
  name: "logs",
  summary: "Shows every log line of one request, from all services, in order of time.",
  usage: "-- <correlation or trace id>",
  example: "npm run logs -- 01998f2e-7c1a-7d3e-9a52-0c5f3f9e2b11",
  statuses: { [EXIT.failed]: "nothing has run here, or no line has that id" },
  options: {},
  positionals: { least: 1, most: 1, what: "a correlation or trace id" },
  async run({ positionals: [id = ""] }, io) {
    const files = await logFiles(io);
    if (files.length === 0)
      throw new Problem("not_running", `there are no logs in ${io.dir}\nStart a playground with: npm start`);
    const lines = inOrder((await Promise.all(files.map((file) => matching(file, id)))).flat());
    if (lines.length === 0)
      throw new Problem("unknown_journey", `no log line has the correlation or trace id "${id}"`);
    const width = Math.max(...lines.map(({ service }) => service.length));
    const paint = paintFor(io.out);
    io.out.write(`${lines.map((line) => print(line, width, paint)).join("\n")}\n`);
    return EXIT.ok;
  },
};
