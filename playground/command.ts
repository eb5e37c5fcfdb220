/** What a command of the command line is, and what it gets. */
import { type ParseArgsOptionsConfig, parseArgs } from "node:util";
import { STATUS_WORDS } from "./exit.ts";
import { errorFrom, Problem } from "./problem.ts";

/** A command's surroundings. */
export interface Io {
  readonly out: NodeJS.WriteStream;
  readonly err: NodeJS.WriteStream;
  readonly env: NodeJS.ProcessEnv;
  /** The project's folder, absolute. */
  readonly root: string;
  /** The state folder, absolute. */
  readonly dir: string;
  /** Ends at Ctrl-C, SIGTERM and when npm is gone; the reason is the signal's name. */
  readonly signal: AbortSignal;
}

export interface Arguments {
  /** Options by name: text, true, or undefined when not given. */
  readonly values: Readonly<Record<string, string | boolean | undefined>>;
  readonly positionals: readonly string[];
}

export interface Command {
  /** As in `npm run <name>`. */
  readonly name: string;
  /** One line. */
  readonly summary: string;
  /** What follows the name, such as `-- <id | last> [--json]`. */
  readonly usage: string;
  /** More help: the options, one to a line. */
  readonly details?: string;
  /** Command lines that work, one to a line. */
  readonly example: string;
  /** What its exit statuses mean, where `STATUS_WORDS` does not say enough. */
  readonly statuses?: Readonly<Record<number, string>>;
  readonly options: ParseArgsOptionsConfig;
  /** How many positional arguments it takes, and what they are called. */
  readonly positionals: { readonly least: number; readonly most: number; readonly what: string };
  /** Takes all arguments as they are; they belong to another program. */
  readonly passesOn?: boolean;
  /** Resolves to the exit status. Rejects with a Problem for an error that the user can fix. */
  run(args: Arguments, io: Io): Promise<number>;
}

/** Text of option `name`; undefined when not given. */
export function text(args: Arguments, name: string): string | undefined {
  const value = args.values[name];
  return typeof value === "string" ? value : undefined;
}

/** Whole number of option `name`, at least `least`; undefined when not given. Throws a Problem `usage` otherwise. */
export function wholeNumber(args: Arguments, name: string, least: number): number | undefined {
  const given = text(args, name);
  if (given === undefined) return undefined;
  const number = Number(given);
  if (!/^\d+$/.test(given) || number < least || !Number.isSafeInteger(number)) {
    throw new Problem("usage", `--${name} takes a whole number of ${least} or more, not "${given}"`);
  }
  return number;
}

/** Reads `argv` by `command`'s options. Throws a Problem `usage` that names an unknown option or a missing argument. */
export function readArguments(command: Command, argv: readonly string[]): Arguments {
  // npm takes the `--` away, other package managers and a direct call leave it.
  const given = argv[0] === "--" ? argv.slice(1) : [...argv];
  if (command.passesOn) return { values: {}, positionals: given };
  const { least, most, what } = command.positionals;
  let parsed: ReturnType<typeof parseArgs>;
  try {
    parsed = parseArgs({
      args: given,
      options: command.options,
      allowPositionals: most > 0,
      strict: true,
    });
  } catch (error) {
    // Node adds a hint on how to write a positional that looks like an option; the first sentence is enough.
    throw new Problem("usage", errorFrom(error).message.split(". ")[0] ?? "wrong arguments");
  }
  if (parsed.positionals.length < least) throw new Problem("usage", `${what} is missing`);
  if (parsed.positionals.length > most)
    throw new Problem("usage", `too many arguments: ${parsed.positionals.slice(most).join(" ")}`);
  const values = parsed.values as Arguments["values"];
  return { values, positionals: parsed.positionals };
}

export const isHelp = (argument: string | undefined): boolean => argument === "--help" || argument === "-h";

/** How a command is typed: npm knows `start` and `test` without `run`. */
export const typed = (name: string): string =>
  name === "start" || name === "test" ? `npm ${name}` : `npm run ${name}`;

/** True when `argv` asks for the command's help. With `passesOn` only a lone `--help` does: others are passed on. */
export function asksForHelp(command: Command, argv: readonly string[]): boolean {
  const given = argv[0] === "--" ? argv.slice(1) : argv;
  if (command.passesOn) return given.length === 1 && isHelp(given[0]);
  const end = given.indexOf("--");
  return given.slice(0, end < 0 ? undefined : end).some(isHelp);
}

/** The help of one command. */
export function helpOf(command: Command): string {
  const details = command.details ? `\n\n${command.details}` : "";
  const examples = command.example.split("\n");
  const statuses = Object.entries({ ...STATUS_WORDS, ...command.statuses })
    .map(([status, meaning]) => `  ${status.padEnd(4)} ${meaning}`)
    .join("\n");
  return (
    `${typed(command.name)} ${command.usage}`.trimEnd() +
    `\n\n${command.summary}${details}` +
    `\n\nExample${examples.length > 1 ? "s" : ""}:\n${examples.map((line) => `  ${line}`).join("\n")}` +
    `\n\nExit status:\n${statuses}\n`
  );
}
