/** The process of `npm run hostile`: runs it, prints the report, and ends with 1 when something is wrong. */
import { writeFile } from "node:fs/promises";
import { readArguments, text, wholeNumber } from "../../playground/command.ts";
import { hostile as command, DEFAULT_REQUESTS, DEFAULT_SEED } from "../../playground/commands/hostile.ts";
import { EXIT } from "../../playground/exit.ts";
import { reportJson, reportText } from "./report.ts";
import { runHostile } from "./run.ts";

const stop = new AbortController();
for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(name, () => stop.abort(name));

const args = readArguments(command, process.argv.slice(2));
const json = text(args, "json");
try {
  const report = await runHostile({
    requests: wholeNumber(args, "requests", 1) ?? DEFAULT_REQUESTS,
    seed: wholeNumber(args, "seed", 0) ?? DEFAULT_SEED,
    signal: stop.signal,
    onProgress: (sent) => process.stderr.write(`${sent} sent\n`),
  });
  process.stdout.write(reportText(report));
  if (json) await writeFile(json, reportJson(report));
  process.exitCode =
    report.faults.length > 0 ? EXIT.failed : stop.signal.aborted ? EXIT.interrupted : EXIT.ok;
} catch (error) {
  if (!stop.signal.aborted) throw error;
  process.exitCode = EXIT.interrupted;
}
