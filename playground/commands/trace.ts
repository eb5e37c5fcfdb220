/** `npm run trace`: a journey as a tree in the terminal. */

import { type Found, findJourney, lastCheckout } from "../clients/lens.ts";
import { type Command, wholeNumber } from "../command.ts";
import { EXIT } from "../exit.ts";
import { Problem } from "../problem.ts";
import { playgroundHere } from "../runner/here.ts";
import { treeOf } from "../terminal/show.ts";

const NARROWEST = 40;

async function find(lens: string, wanted: string, signal: AbortSignal): Promise<Found> {
  const id = wanted === "last" ? await lastCheckout(lens, signal) : wanted;
  if (id === null) {
    throw new Problem("unknown_journey", "lens has seen no checkout yet; send one with: npm run checkout");
  }
  const found = await findJourney(lens, id, signal);
  if (found) return found;
  throw new Problem(
    "unknown_journey",
    `lens knows no trace, correlation or order id "${wanted}"; the newest: npm run trace -- last`,
  );
}

export const trace: Command = {
  name: "trace",
  summary:
    "Shows a journey as a tree: services, spans by parent and link, bars on a time line, waits, the cause.",
  usage:
    "-- <trace, correlation or order id | last> [--json] [--logs] [--brief | --full] [--width <columns>]",
  details: [
    "  --json    the journey as JSON, for programs",
    "  --logs    with the log lines under their spans",
    "  --brief   the way to a failure, and what is healthy folded: `+7 spans`",
    "  --full    fold nothing away",
    "  --width   columns; the terminal's unless given",
  ].join("\n"),
  example: "npm run trace -- last --logs\nnpm run trace -- 8031a021-eddf-483f-a5f6-8986fc909b0b --json",
  statuses: { [EXIT.failed]: "no playground runs here, or lens knows no such journey" },
  options: {
    json: { type: "boolean" },
    logs: { type: "boolean" },
    brief: { type: "boolean" },
    full: { type: "boolean" },
    width: { type: "string" },
  },
  positionals: { least: 1, most: 1, what: "an id, or last," },
  async run(args, io) {
    const width = wholeNumber(args, "width", NARROWEST);
    const { brief = false, full = false } = args.values;
    if (brief && full) throw new Problem("usage", "--brief folds what --full shows: give one of them");
    const here = await playgroundHere(io);
    const found = await find(here.lens, args.positionals[0] ?? "", io.signal);
    if (args.values.json === true) {
      io.out.write(`${JSON.stringify(found.json, null, 2)}\n`);
      return EXIT.ok;
    }
    const options = {
      logs: args.values.logs === true,
      full: full === true,
      brief: brief === true,
      ...(width && { width }),
    };
    io.out.write(`${treeOf(found, io, options)}\n`);
    if (found.others.length > 0) io.out.write(`also with this id: ${found.others.join(" ")}\n`);
    return EXIT.ok;
  },
};
