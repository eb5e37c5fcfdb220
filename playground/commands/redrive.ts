/** `npm run redrive`: lists the dead letters and redrives them. */
import {
  type Buried,
  correlationIdOf,
  type DeadLetterOffice,
} from "../../services/_kit/events/letters/redrive.ts";
import { openDeadLetters } from "../../services/_kit/service/dead-letters.ts";
import type { Arguments, Command, Io } from "../command.ts";
import { EXIT } from "../exit.ts";
import { Problem } from "../problem.ts";
import { passwords } from "../provide/secret.ts";
import { USER } from "../provide/server.ts";
import { playgroundHere } from "../runner/here.ts";
import { paintFor, table } from "../terminal/paint.ts";

/** A dead letter as it is shown, in the table and by `--json`. */
export interface Shown {
  readonly id: string;
  /** When it was given up, ISO 8601. */
  readonly at: string;
  readonly type: string;
  readonly consumer: string;
  readonly reason: string;
  readonly detail: string;
  readonly attempts: number;
  readonly redriven: number;
  readonly correlationId: string;
  /** Empty when it belongs to no order. */
  readonly orderId: string;
}

/** The order id in the payload of an event, or in the envelope of a job. */
function orderIdOf(data: Uint8Array | undefined): string {
  try {
    const read = JSON.parse(Buffer.from(data ?? []).toString());
    const id = read?.orderId ?? read?.data?.payload?.orderId;
    return typeof id === "string" ? id : "";
  } catch {
    return "";
  }
}

export const shown = (letter: Buried): Shown => ({
  id: letter.id,
  at: new Date(letter.atMs).toISOString(),
  type: letter.type,
  consumer: letter.consumer,
  reason: letter.reason,
  detail: letter.detail,
  attempts: letter.attempts,
  redriven: letter.redriven,
  correlationId: correlationIdOf(letter),
  orderId: orderIdOf(letter.data),
});

/** The NATS server at `BATON_NATS_URL`, else the private one of the playground that runs here. */
async function natsUrl(io: Io): Promise<string> {
  if (io.env.BATON_NATS_URL) return io.env.BATON_NATS_URL;
  const { ports } = await playgroundHere(io);
  const passwordFor = await passwords(io.dir);
  return `nats://${USER}:${passwordFor("nats")}@127.0.0.1:${ports.nats}`;
}

async function open(io: Io): Promise<DeadLetterOffice> {
  const url = await natsUrl(io);
  return openDeadLetters(url).catch((cause) => {
    throw new Problem("not_ready", `NATS does not answer at ${new URL(url).host}: ${cause.message}`, {
      cause,
    });
  });
}

async function list(office: DeadLetterOffice, json: boolean, io: Io): Promise<number> {
  const letters: Shown[] = [];
  for await (const letter of office.letters()) letters.push(shown(letter));
  if (json) io.out.write(`${JSON.stringify(letters, null, 2)}\n`);
  else io.out.write(letters.length === 0 ? "nothing in the dead letters\n" : tableOf(letters, io));
  return EXIT.ok;
}

function tableOf(letters: readonly Shown[], io: Io): string {
  const columns = [
    "id",
    "given up",
    "type",
    "consumer",
    "reason",
    "attempts",
    "redriven",
    "order",
    "correlation id",
  ];
  const rows = letters.map((one) => [
    one.id,
    one.at,
    one.type,
    one.consumer,
    one.reason,
    String(one.attempts),
    one.redriven === 0 ? "-" : `${one.redriven}x`,
    one.orderId || "-",
    one.correlationId || "-",
  ]);
  const [heading = "", ...lines] = table([columns, ...rows]).split("\n");
  return `${paintFor(io.out)("bold", heading)}\n${lines.join("\n")}\n`;
}

/** Redrives the letters that `isWanted` accepts; resolves to their number. */
async function redriveThose(
  office: DeadLetterOffice,
  isWanted: (letter: Buried) => boolean,
  io: Io,
): Promise<number> {
  let count = 0;
  for await (const letter of office.letters()) {
    if (io.signal.aborted) break;
    if (!isWanted(letter)) continue;
    await office.redrive(letter);
    io.out.write(`${letter.id} is on its way to ${letter.consumer} once more\n`);
    count += 1;
  }
  return count;
}

async function redriveOne(office: DeadLetterOffice, id: string, io: Io): Promise<number> {
  if ((await redriveThose(office, (letter) => letter.id === id, io)) > 0) return EXIT.ok;
  throw new Problem(
    "unknown_letter",
    `there is no dead letter "${id}"\nList them with: npm run redrive -- list`,
  );
}

async function redriveAll(office: DeadLetterOffice, io: Io): Promise<number> {
  const count = await redriveThose(office, () => true, io);
  if (count === 0) io.out.write("nothing in the dead letters\n");
  return EXIT.ok;
}

/** `list`, an id, or "" for `--all`. Throws a Problem `usage` unless exactly one of them is given. */
function wantedOf(args: Arguments): string {
  const [what] = args.positionals;
  const all = args.values.all === true;
  if (all === (what !== undefined)) throw new Problem("usage", "it takes one of: list, an id, --all");
  if (args.values.json === true && what !== "list") throw new Problem("usage", "--json goes with list");
  return what ?? "";
}

export const redrive: Command = {
  name: "redrive",
  summary:
    "Lists the dead letters, and gives them back to their consumers, without the fault that was asked for.",
  usage: "-- list [--json] | <id> | --all",
  details: [
    "  list     every dead letter, with its time, its consumer and the reason",
    "  <id>     gives this one back to the consumer that gave it up",
    "  --all    gives all of them back",
    "  --json   the list as JSON, for programs",
  ].join("\n"),
  example: "npm run redrive -- list\nnpm run redrive -- --all",
  statuses: { [EXIT.failed]: "no playground runs here, or there is no such dead letter" },
  options: { all: { type: "boolean" }, json: { type: "boolean" } },
  positionals: { least: 0, most: 1, what: "list or an id" },
  async run(args, io) {
    const wanted = wantedOf(args);
    const office = await open(io);
    try {
      if (wanted === "list") return await list(office, args.values.json === true, io);
      return wanted === "" ? await redriveAll(office, io) : await redriveOne(office, wanted, io);
    } finally {
      await office.close();
    }
  },
};
