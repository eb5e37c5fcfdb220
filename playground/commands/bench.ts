/** `npm run bench`: the benchmarks in a process of their own, since they may import everything and the playground may not. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import type { Command } from "../command.ts";
import { EXIT } from "../exit.ts";

/** What it takes is read by bench/main.ts, which has it from here. */
export const bench: Command = {
  name: "bench",
  summary:
    "Measures speed and memory, against their goals and the last recorded run, or one commit against another.",
  usage:
    "[-- <name>... | compare <commit> [<other>] --list --rounds N --quick --json FILE --record --only WHAT]",
  details: [
    "  Without a name all of them, one after the other, for a quarter of an hour: on a machine that does nothing else.",
    "  --list       only says which there are, and how each is measured",
    "  --rounds N   rounds of each, instead of its own number",
    "  --quick      one short round: shows that it works; the figures mean nothing",
    "  --json FILE  writes all of it as JSON, too",
    "  --record     puts it in the place of the last recorded run, and into bench/README.md",
    "",
    "  A change is better or worse only where it lies outside the spread of both runs.",
    "",
    "  compare <commit> measures HEAD, or <other>, against <commit>: start, memory, checkouts and their CPU time with and",
    "  without telemetry, and lens' ingest. Both are checked out into a temporary folder, which is removed, and take turns",
    "  for five rounds, some 20 minutes. A figure is better or worse when its ratio is on the same side of 1 in so many",
    "  rounds that chance does that once in 16. What is not committed is not measured.",
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
    // What boot.cjs told this process is not for the playgrounds that the benchmarks start.
    const { BATON_BOOT_PIPE, BATON_TIMES, ...env } = io.env;
    const script = path.join(io.root, "bench", "main.ts");
    const child = spawn(process.execPath, [script, ...positionals], { stdio: "inherit", env });
    // A Ctrl-C in a terminal reaches it by itself.
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
