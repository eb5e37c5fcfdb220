/** `npm run down`: stops the playground that runs here. */
import type { Command } from "../command.ts";
import { EXIT } from "../exit.ts";
import { Problem } from "../problem.ts";
import { processStart, type Run, runningIn } from "../runner/state.ts";
import { reporterOn } from "../terminal/report.ts";
import { until } from "../until.ts";

/** The runner itself takes 5 s at most, on a machine that is not busy. */
const GONE_WITHIN_MS = 60_000;

/** True once the runner and all of its parts are gone. */
async function isGone(run: Run): Promise<true | undefined> {
  if ((await processStart(run.pid)) === run.started) return undefined;
  for (const { pid } of run.parts) {
    if (pid !== null && (await processStart(pid)) !== null) return undefined;
  }
  return true;
}

export const down: Command = {
  name: "down",
  summary: "Stops the playground that runs here and waits until all of it is gone.",
  usage: "",
  example: "npm run down",
  statuses: { [EXIT.ok]: "nothing runs here any more, or nothing did" },
  options: {},
  positionals: { least: 0, most: 0, what: "" },
  async run(_args, io) {
    // Process ids are reused, so only a process with the recorded start time is ended.
    const here = await runningIn(io.dir);
    if (!here) {
      io.out.write("no playground is running here\n");
      return EXIT.ok;
    }
    const done = reporterOn(io.err).begin("the playground to stop");
    try {
      process.kill(here.pid, "SIGTERM");
      await until(() => isGone(here), {
        signal: io.signal,
        withinMs: GONE_WITHIN_MS,
        onLate: () =>
          new Problem(
            "not_ready",
            `the playground (process ${here.pid}) has not stopped within ${GONE_WITHIN_MS / 1000} s`,
          ),
      });
    } finally {
      done();
    }
    io.out.write("stopped; nothing is left running\n");
    return EXIT.ok;
  },
};
