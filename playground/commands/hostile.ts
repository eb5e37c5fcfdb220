/** `npm run hostile`: hostile requests to a shop of its own, in their own process: it may import the tests. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { type Command, text, wholeNumber } from "../command.ts";
import { EXIT } from "../exit.ts";

export const DEFAULT_REQUESTS = 20_000;
export const DEFAULT_SEED = 20_261_130;

export const hostile: Command = {
  name: "hostile",
  summary:
    "Sends hostile requests to the edge and to an internal port of a shop of its own, and looks what becomes of it.",
  usage: "[-- --requests <n> --seed <n> --json <file>]",
  details: [
    "  --requests   20,000 unless given, in parts of 500: headers, baggage, traceparent, bodies and HTTP/2 frames",
    "  --seed       the same seed makes the same requests; a fault names its own",
    "  --json FILE  writes the report as JSON, too",
    "  Ctrl-C ends it after the part that is under way, with a report of what has been sent.",
    "",
    "  Right is: no process ends, no 5xx that the API does not declare, no answer without its form, memory stays flat,",
    "  every log line is whole, and lens has every checkout that was accepted, those aside that share a trace id.",
  ].join("\n"),
  example: "npm run hostile\nnpm run hostile -- --requests 2000 --seed 7",
  statuses: { [EXIT.ok]: "nothing is wrong", [EXIT.failed]: "something is wrong; the report says what" },
  options: { requests: { type: "string" }, seed: { type: "string" }, json: { type: "string" } },
  positionals: { least: 0, most: 0, what: "" },
  async run(args, io) {
    wholeNumber(args, "requests", 1);
    wholeNumber(args, "seed", 0);
    const given = ["requests", "seed", "json"].flatMap((name) => {
      const value = text(args, name);
      return value === undefined ? [] : [`--${name}=${value}`];
    });
    // These variables of boot.cjs are for this process, not for the playground that it starts.
    const { BATON_BOOT_PIPE, BATON_TIMES, ...env } = io.env;
    const script = path.join(io.root, "tests", "hostile", "main.ts");
    const child = spawn(process.execPath, [script, ...given], { stdio: "inherit", env });
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
