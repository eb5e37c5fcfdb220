/** `npm run bench`: the benchmarks, in their own process: they may import everything, the playground may not. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import type { Command } from "../command.ts";
import { EXIT } from "../exit.ts";

/** bench/main.ts reads the arguments, by the options that are declared here. */
export const bench: Command = {
  name: "bench",
  summary:
    "Measures speed and memory, against their goals and the last recorded run, or one commit against another.",
  usage:
    "[-- <name>... | compare <commit> [<other>] --list --rounds N --quick --json FILE --record --only WHAT]",
  details: [
    "  Without a name: all of them, one after the other, in some 15 minutes. The machine should do nothing else.",
    "  --list       only lists them, with how each is measured",
    "  --rounds N   rounds of each, instead of its own number",
    "  --quick      one short round: shows that it works; the figures mean nothing",
    "  --json FILE  writes all figures as JSON, too",
    "  --record     replaces the last recorded run, and the tables in bench/README.md",
    "",
    "  A change counts as better or worse only when it is outside the spread of both runs.",
    "",
    "  compare <commit> measures HEAD, or <other>, against <commit>: start, memory, checkouts and their CPU time with and",
    "  without telemetry, and lens' ingest. Both are checked out into a temporary folder, which is removed, and take turns",
    "  for five rounds, some 20 minutes. A figure is better or worse when its ratio is on the same side of 1 in so many",
    "  rounds that chance does that once in 16. Uncommitted changes are not measured.",
    "  --rounds N   five or more",
    "  --only WHAT  only some of it, with commas between: start,memory,checkouts,cpu,ingest",
  ].join("\n"),
  example:
    "npm run bench -- --list\nnpm run bench -- start --rounds 3\n" +
    "npm run bench -- compare HEAD~1\nnpm run bench -- compare HEAD~5 HEAD~1 --only start,memory",
  statuses: {
    [EXIT.ok]: "everything could be measured, whether it keeps its goal or not",
    [EXIT.failed]: "something could not be measured; the message says why",
    [EXIT.usage]: "wrong arguments or environment, or a commit that is not there; nothing was started",
  },
  options: {
    list: { type: "boolean" },
    rounds: { type: "string" },
    quick: { type: "boolean" },
    json: { type: "string" },
    record: { type: "boolean" },
    only: { type: "string" },
  },
  positionals: { least: 0, most: 20, what: "" },
  passesOn: true,
  async run({ positionals }, io) {
    // These variables of boot.cjs are for this process, not for the playgrounds that the benchmarks start.
    const { BATON_BOOT_PIPE, BATON_TIMES, ...env } = io.env;
    const script = path.join(io.root, "bench", "main.ts");
    const child = spawn(process.execPath, [script, ...positionals], { stdio: "inherit", env });
    // A terminal sends Ctrl-C to the child itself.
    const passOn = (): void => {
      if (io.signal.reason !== "SIGINT" || !process.stdin.isTTY) child.kill(io.signal.reason);
    };
    io.signal.addEventListener("abort", passOn, { once: true });
    if (io.signal.aborted) passOn();
    const [code] = await once(child, "exit");
    io.signal.removeEventListener("abort", passOn);
    return typeof code === "number" ? code : EXIT.failed;
  },
};
