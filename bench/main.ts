/**
 * The process of `npm run bench`: measures, shows the figures beside the last recorded ones, and records them if asked
 * to. `compare` measures one commit against another.
 */
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { type Arguments, helpOf, isHelp, readArguments, text, wholeNumber } from "../playground/command.ts";
import { bench as command } from "../playground/commands/bench.ts";
import { EXIT } from "../playground/exit.ts";
import { errorFrom, Problem } from "../playground/problem.ts";
import { compareCommits } from "./compare/compare.ts";
import { benches } from "./index.ts";
import type { Bench } from "./kit/bench.ts";
import { machineText } from "./kit/machine.ts";
import { measure } from "./kit/measure.ts";
import { inReadme, roundsText } from "./kit/readme.ts";
import { type BenchRecord, readRecord, recordText, writeRecord } from "./kit/record.ts";
import { recordTables } from "./kit/table.ts";

const RESULTS = path.join(import.meta.dirname, "results");
const README = path.join(import.meta.dirname, "README.md");

const listed = (): string =>
  benches.map(({ name, title, how }) => `${name.padEnd(10)} ${title}: ${how}.\n`).join("");

/** The benchmarks with these names; all without a name. Throws a Problem `usage` for an unknown one. */
function chosen(names: readonly string[]): readonly Bench[] {
  const known = benches.map(({ name }) => name);
  const strange = names.find((name) => !known.includes(name));
  if (strange)
    throw new Problem("usage", `there is no benchmark "${strange}"; there are ${known.join(", ")}`);
  return names.length === 0 ? benches : benches.filter(({ name }) => names.includes(name));
}

function shown(bench: Bench, now: BenchRecord, last: BenchRecord | null): string {
  const before = last ? `last on ${last.at.slice(0, 10)}: ${machineText(last.machine)}` : "not recorded yet";
  return [
    "",
    bench.title,
    `${roundsText(now.rounds)} in ${now.tookSeconds.toFixed(0)} s: ${machineText(now.machine)}`,
    before,
    "",
    recordTables(bench, now, last),
    "",
  ].join("\n");
}

async function record(bench: Bench, outcome: BenchRecord): Promise<void> {
  await writeRecord(RESULTS, outcome);
  await writeFile(README, inReadme(await readFile(README, "utf8"), bench, outcome));
}

const say = (line: string): boolean => process.stderr.write(`${line}\n`);

/** Throws a Problem `usage` when one of the options `names`, which are not for `what`, was given. */
function refuse(args: Arguments, what: string, ...names: readonly string[]): void {
  const given = names.find((name) => args.values[name] !== undefined);
  if (given !== undefined) throw new Problem("usage", `--${given} is not for ${what}`);
}

async function compare(args: Arguments, signal: AbortSignal): Promise<void> {
  refuse(args, "compare", "list", "record");
  const [, base, next, ...more] = args.positionals;
  if (base === undefined)
    throw new Problem("usage", "compare takes a commit to compare with: npm run bench -- compare HEAD~1");
  if (more.length > 0) throw new Problem("usage", `compare takes two commits, not also ${more.join(", ")}`);
  await compareCommits({
    root: path.dirname(import.meta.dirname),
    base,
    next,
    only: text(args, "only"),
    rounds: wholeNumber(args, "rounds", 1),
    quick: args.values.quick === true,
    json: text(args, "json"),
    signal,
    say,
    print: (outcome) => process.stdout.write(outcome),
  });
}

async function run(args: Arguments, signal: AbortSignal): Promise<void> {
  if (args.positionals[0] === "compare") return compare(args, signal);
  refuse(args, "the benchmarks, which are chosen by their names", "only");
  const wanted = chosen(args.positionals);
  const quick = args.values.quick === true;
  const isRecorded = args.values.record === true;
  if (args.values.list === true) return void process.stdout.write(listed());
  if (quick && isRecorded)
    throw new Problem("usage", "a quick run cannot be recorded: leave out --quick or --record");
  const given = wholeNumber(args, "rounds", 1);
  const outcomes: BenchRecord[] = [];
  for (const bench of wanted) {
    const outcome = await measure(bench, { rounds: given ?? (quick ? 1 : bench.rounds), quick, signal, say });
    process.stdout.write(shown(bench, outcome, await readRecord(RESULTS, bench.name)));
    if (isRecorded) await record(bench, outcome);
    outcomes.push(outcome);
  }
  const file = text(args, "json");
  if (file !== undefined) await writeFile(file, recordText(outcomes));
}

/** Resolves to the exit status. */
async function main(argv: readonly string[], signal: AbortSignal): Promise<number> {
  if (argv.some(isHelp)) {
    process.stdout.write(helpOf(command));
    return EXIT.ok;
  }
  try {
    await run(readArguments({ ...command, passesOn: false }, argv), signal);
    return EXIT.ok;
  } catch (thrown) {
    if (signal.aborted) return EXIT.interrupted;
    if (!(thrown instanceof Problem)) throw thrown;
    process.stderr.write(`bench: ${thrown.message}\n`);
    return thrown.code === "usage" || thrown.code === "environment" ? EXIT.usage : EXIT.failed;
  }
}

const stop = new AbortController();
for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(name, () => stop.abort(name));
process.exitCode = await main(process.argv.slice(2), stop.signal).catch((thrown) => {
  process.stderr.write(`${errorFrom(thrown).stack}\n`);
  return EXIT.failed;
});
