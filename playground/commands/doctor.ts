/** `npm run doctor`: whether `npm start` would work on this machine, what it would do, and how to fix problems. */
import { services } from "../../services/topology.ts";
import type { Command } from "../command.ts";
import type { Check, Machine, Standing } from "../doctor/check.ts";
import { clock, disk, folders, memory, node, npm, packages, shell, user } from "../doctor/machine.ts";
import { copy, environment, ports, state } from "../doctor/place.ts";
import { optional, servers } from "../doctor/servers.ts";
import { EXIT } from "../exit.ts";
import { countWord } from "../render/counts.ts";
import { type Paint, paintFor, type Style } from "../terminal/paint.ts";

/** Runs all checks, in the order in which they are shown. */
async function examine(machine: Machine): Promise<Check[]> {
  const { check: playground, here } = await state(machine);
  const found = await Promise.all([
    node(machine),
    npm(machine),
    packages(machine),
    memory(),
    disk(machine),
    user(),
    shell(),
    folders(machine),
    clock(machine),
    environment(machine),
    servers(machine),
    ports(machine, here),
    playground,
    copy(machine, here),
    optional(machine),
  ]);
  return found.flat();
}

/** What `npm start` would do, in words: its preparations and the start, or why it would fail. */
export function prognosis(checks: readonly Check[]): string[] {
  const problems = checks.filter(({ standing }) => standing === "problem");
  if (problems.length > 0)
    return problems.map(
      ({ topic, says, fix }) => `would fail: ${topic}: ${says}${fix ? ` (fix: ${fix})` : ""}`,
    );
  const first = checks.filter(({ standing }) => standing === "will");
  return [
    ...first.map(({ topic, says }) => `${topic}: ${says}`),
    `start NATS, Redis and Postgres (those that are not given), lens and the ${countWord(services.length)} services, each behind a guard`,
    "send a good and a declined checkout, show both journeys, and stay until Ctrl-C",
  ];
}

const styles: Readonly<Record<Standing, Style>> = { ok: "green", will: "cyan", note: "dim", problem: "red" };

function print(checks: readonly Check[], paint: Paint): string {
  const wide = Math.max(...checks.map(({ topic }) => topic.length));
  return checks
    .map(({ topic, standing, says, fix }) => {
      const line = `${paint(styles[standing], standing.padEnd(7))}  ${topic.padEnd(wide)}  ${says}`;
      return fix ? `${line}\n${" ".repeat(9 + wide + 2)}fix: ${fix}` : line;
    })
    .join("\n");
}

export const doctor: Command = {
  name: "doctor",
  summary:
    "Checks this machine: says what npm start would do, and how to fix what would make it fail. Changes nothing.",
  usage: "[-- --json]",
  details: [
    "  --json   the same for programs: {works, checks: [{topic, standing, says, fix}], start: [...]}",
    "",
    "  ok: as it should be; will: npm start takes care of it; note: good to know; problem: npm start would fail",
  ].join("\n"),
  example: "npm run doctor\nnpm run doctor -- --json",
  statuses: { [EXIT.ok]: "npm start would work", [EXIT.failed]: "it would not" },
  options: { json: { type: "boolean" } },
  positionals: { least: 0, most: 0, what: "" },
  async run({ values }, io) {
    const checks = await examine(io);
    const works = checks.every(({ standing }) => standing !== "problem");
    const start = prognosis(checks);
    if (values.json === true) io.out.write(`${JSON.stringify({ works, checks, start }, null, 2)}\n`);
    else {
      const paint = paintFor(io.out);
      const heading = paint("bold", works ? "npm start would" : "npm start would not work");
      io.out.write(`${print(checks, paint)}\n\n${heading}\n${start.map((line) => `  ${line}`).join("\n")}\n`);
    }
    return works ? EXIT.ok : EXIT.failed;
  },
};
