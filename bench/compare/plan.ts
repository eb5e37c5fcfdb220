/** The plan of a comparison, checked and printed before anything is started. */
import { access } from "node:fs/promises";
import { Problem } from "../../playground/problem.ts";
import { reachesLens } from "../../playground/runner/environment.ts";
import type { Machine } from "../kit/machine.ts";
import { roundsText } from "../kit/readme.ts";
import { type Commit, commitOf, uncommitted } from "./commits.ts";
import { type ComparedFigure, figures, GROUPS, type Group } from "./figures.ts";
import { LEAST_ROUNDS, type Side } from "./pairs.ts";
import { type Turn, turns } from "./turns.ts";

export interface PlanOptions {
  /** The project's folder, absolute. */
  readonly root: string;
  /** The commit to compare with. */
  readonly base: string;
  /** The commit that is judged; HEAD when not given. */
  readonly next: string | undefined;
  /** Comma-separated groups; all when not given. */
  readonly only: string | undefined;
  /** When undefined: as many as a verdict needs, or one when quick. */
  readonly rounds: number | undefined;
  /** Short turns, to show that it works; the figures mean nothing. */
  readonly quick: boolean;
  readonly signal: AbortSignal;
}

export interface Plan {
  readonly commits: Readonly<Record<Side, Commit>>;
  readonly wanted: ReadonlySet<Group>;
  readonly figures: readonly ComparedFigure[];
  readonly turns: readonly Turn[];
  readonly rounds: number;
  readonly quick: boolean;
  /** Files that differ from HEAD, and are not measured. */
  readonly uncommitted: number;
}

const isGroup = (name: string): name is Group => GROUPS.some((group) => group === name);

/** The groups that `only` names. Throws a Problem `usage` for an unknown one. */
export function wantedGroups(only: string | undefined): ReadonlySet<Group> {
  if (only === undefined) return new Set(GROUPS);
  const names = only.split(",").map((name) => name.trim());
  const strange = names.find((name) => !isGroup(name));
  if (strange !== undefined)
    throw new Problem(
      "usage",
      `--only takes ${GROUPS.join(", ")}, with commas between them, not "${strange}"`,
    );
  return new Set(names.filter(isGroup));
}

/** The number of rounds. Throws a Problem `usage` when `given` is too small for a verdict. */
export function roundsOf(given: number | undefined, quick: boolean): number {
  if (given !== undefined && given < LEAST_ROUNDS && !quick)
    throw new Problem(
      "usage",
      `--rounds takes ${LEAST_ROUNDS} or more: fewer cannot tell a change from noise (--quick shows that it works)`,
    );
  return given ?? (quick ? 1 : LEAST_ROUNDS);
}

/** Memory and CPU time are read from Linux' /proc. Rejects with a Problem `environment` without it. */
async function checkSystem(wanted: ReadonlySet<Group>): Promise<void> {
  if (!wanted.has("memory") && !wanted.has("cpu")) return;
  await access("/proc/self/smaps_rollup").catch((cause) => {
    throw new Problem(
      "environment",
      "memory and CPU time are read from Linux' /proc: without it, use --only start,checkouts,ingest",
      { cause },
    );
  });
}

/** Throws a Problem `environment` when the user's settings keep spans from lens, which must show the journeys. */
export function checkEnvironment(env: NodeJS.ProcessEnv): void {
  // An endpoint asks for a copy, which costs; at an older commit it took the spans from lens. The turns themselves
  // switch telemetry on and off.
  const isCopied = Object.keys(env).some(
    (name) => /^OTEL_EXPORTER_OTLP_([A-Z]+_)?ENDPOINT$/.test(name) && env[name],
  );
  if (!isCopied && reachesLens({ ...env, BATON_TELEMETRY: "on" })) return;
  const names = Object.keys(env).filter((name) => name.startsWith("OTEL_"));
  throw new Problem(
    "environment",
    `the environment does not send the spans to lens and to nothing else: unset ${names.join(" ")}`,
  );
}

/** Makes the plan. Rejects with a Problem `usage` or `environment`, one line with the fix. */
export async function planOf(options: PlanOptions): Promise<Plan> {
  const { quick } = options;
  const wanted = wantedGroups(options.only);
  const rounds = roundsOf(options.rounds, quick);
  await checkSystem(wanted);
  checkEnvironment(process.env);
  const base = await commitOf(options.base, options);
  const next = await commitOf(options.next ?? "HEAD", options);
  return {
    commits: { base, next },
    wanted,
    figures: figures.filter(({ group }) => wanted.has(group)),
    turns: turns.filter(({ groups }) => groups.some((group) => wanted.has(group))),
    rounds,
    quick,
    uncommitted: await uncommitted(options),
  };
}

const counted = (count: number, one: string, more: string): string => `${count} ${count === 1 ? one : more}`;

/** Whether more than half of the cores were busy before. */
const isBusy = ({ cores, loadBefore }: Machine): boolean => loadBefore > cores / 2;

/** `plan` in a few lines, and about how long it takes. */
export function planText(plan: Plan, machine: Machine): string[] {
  const { commits, wanted, turns: planned, rounds, quick, uncommitted: files } = plan;
  const { base, next } = commits;
  const seconds = planned.reduce((sum, turn) => sum + turn.seconds(wanted), 0) * 2 * rounds;
  const minutes = Math.ceil(seconds / 60);
  return [
    `compare ${base.short} (${base.subject})`,
    `   with ${next.short} (${next.subject})`,
    ...(base.hash === next.hash ? ["one commit twice: this shows the noise"] : []),
    ...(files > 0
      ? [`${counted(files, "file differs", "files differ")} from HEAD and cannot be measured before a commit`]
      : []),
    `${roundsText(rounds)} of ${[...wanted].join(", ")}, the two in turn: ` +
      (quick ? "quick, a minute or two" : `about ${counted(minutes, "minute", "minutes")} on two cores`),
    isBusy(machine)
      ? `the machine is busy (load ${machine.loadBefore} on ${machine.cores} cores): only large changes will show`
      : "let the machine do nothing else meanwhile: other programs add noise",
  ];
}
