/**
 * A small runner for the test that kills a runner. It supervises an obedient child, one that ignores SIGTERM and one
 * that is paused, prints their process ids as JSON once all have logged "up", and stays. Argument: a folder for the
 * logs.
 */
import { readFile } from "node:fs/promises";
import path from "node:path";
import { patient } from "../../tests/patience.ts";
import { until } from "../until.ts";
import { type Child, supervise } from "./supervise.ts";

const folder = process.argv[2] ?? ".";
const logOf = (name: string): string => path.join(folder, `${name}.log`);

async function run(name: string, onTerm: string): Promise<Child> {
  const program = `process.on("SIGTERM", () => { ${onTerm} }); console.log("up"); setInterval(() => {}, 1000);`;
  const spec = {
    name,
    command: process.execPath,
    args: ["-e", program],
    env: { PATH: process.env.PATH ?? "" },
    cwd: folder,
    logFile: logOf(name),
    stopWithinMs: patient(5_000),
  };
  const child = await supervise(spec, () => {});
  await until(async () => ((await readFile(logOf(name), "utf8")) === "up\n" ? true : undefined), {
    signal: new AbortController().signal,
    withinMs: patient(10_000),
    onLate: () => new Error(`${name} did not start`),
  });
  return child;
}

const bye = `console.log("bye"); process.exit(0);`;
const children = await Promise.all([
  run("obedient", bye),
  run("stubborn", `console.log("no");`),
  run("paused", bye),
]);
children.at(-1)?.signal("SIGSTOP");
process.stdout.write(`${JSON.stringify(children.map(({ pid }) => pid()))}\n`);
setInterval(() => {}, 1_000);
