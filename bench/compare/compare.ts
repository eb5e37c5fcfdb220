/** `npm run bench -- compare <commit> [<other>]`: measures two commits in turn, and says which figures changed. */
import { writeFile } from "node:fs/promises";
import { errorFrom, Problem } from "../../playground/problem.ts";
import { thisMachine } from "../kit/machine.ts";
import { type Copy, withCopies } from "./copies.ts";
import { comparedOf, orderOf, type Pair, type Side } from "./pairs.ts";
import { type Plan, type PlanOptions, planOf, planText } from "./plan.ts";
import { type Comparison, comparisonTable, comparisonText, namesOf } from "./report.ts";
import type { Turn, Values } from "./turns.ts";

export interface CompareOptions extends PlanOptions {
  /** File to write the outcome to, as JSON. */
  readonly json: string | undefined;
  /** Takes lines of progress. */
  say(line: string): void;
  /** Takes the outcome. */
  print(text: string): void;
}

type Copies = Readonly<Record<Side, Copy>>;
type Telling = Pick<CompareOptions, "signal" | "say">;

/** Measures both commits in `turn`, one after the other. Rejects with a Problem that names the one that failed. */
async function bothIn(
  turn: Turn,
  copies: Copies,
  number: number,
  plan: Plan,
  { signal, say }: Telling,
): Promise<Readonly<Record<Side, Values>>> {
  const found: Record<Side, Values> = { base: {}, next: {} };
  const [base, next] = namesOf(plan.commits.base, plan.commits.next);
  for (const side of orderOf(number)) {
    const where = `round ${number} of ${plan.rounds}, ${{ base, next }[side]} ${turn.name}`;
    const tell = (line: string): void => say(`${where}: ${line}`);
    try {
      found[side] = await turn.run(copies[side], plan.wanted, { quick: plan.quick, signal, say: tell });
    } catch (error) {
      signal.throwIfAborted();
      const why = errorFrom(error).message;
      throw new Problem("incomplete", `${where} could not be measured (--only can leave it out): ${why}`, {
        cause: error,
      });
    }
  }
  return found;
}

/** Measures one round: a pair of each figure, by its name. */
async function roundOf(
  copies: Copies,
  number: number,
  plan: Plan,
  telling: Telling,
): Promise<ReadonlyMap<string, Pair>> {
  const found: Record<Side, Record<string, number>> = { base: {}, next: {} };
  for (const turn of plan.turns) {
    const { base, next } = await bothIn(turn, copies, number, plan, telling);
    Object.assign(found.base, base);
    Object.assign(found.next, next);
  }
  const pairOf = (name: string): Pair => ({
    base: found.base[name] ?? Number.NaN,
    next: found.next[name] ?? Number.NaN,
  });
  return new Map(plan.figures.map(({ name }) => [name, pairOf(name)]));
}

/** Measures two commits and prints the table. Rejects with a Problem, or with the signal's reason. */
export async function compareCommits(options: CompareOptions): Promise<void> {
  const { say, print } = options;
  const plan = await planOf(options);
  const machine = thisMachine();
  for (const line of planText(plan, machine)) say(line);
  const rounds: ReadonlyMap<string, Pair>[] = [];
  let beganMs = 0;
  const soFar = (): Comparison => ({
    at: new Date().toISOString(),
    machine,
    ...plan.commits,
    rounds: rounds.length,
    quick: plan.quick,
    tookSeconds: (performance.now() - beganMs) / 1e3,
    figures: Object.fromEntries(
      plan.figures.map(({ name, better }) => {
        const pairs = rounds.flatMap((round) => round.get(name) ?? []);
        return [name, comparedOf(pairs, better)];
      }),
    ),
  });
  try {
    await withCopies(plan.commits, options, async (copies) => {
      beganMs = performance.now();
      while (rounds.length < plan.rounds) {
        rounds.push(await roundOf(copies, rounds.length + 1, plan, options));
        const left = plan.rounds - rounds.length;
        const minutes = ((performance.now() - beganMs) / rounds.length / 60_000) * left;
        if (left > 0)
          say(`${rounds.length} of ${plan.rounds} rounds done, about ${Math.ceil(minutes)} minutes to go`);
      }
    });
  } catch (error) {
    // The rounds before the error took minutes, so they are printed.
    if (rounds.length > 0) print(`\nSo far:\n\n${comparisonTable(soFar(), plan.figures)}\n`);
    throw error;
  }
  const comparison = soFar();
  print(`\n${comparisonTable(comparison, plan.figures)}\n`);
  if (options.json !== undefined) await writeFile(options.json, comparisonText(comparison));
}
