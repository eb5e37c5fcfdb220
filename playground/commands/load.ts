/** `npm run load`: scenarios in k6 against the running playground. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { MIX } from "../../load/plan.ts";
import { profiles } from "../../load/profiles.ts";
import { scenarios } from "../../load/scenarios/index.ts";
import { FAULT_POINTS } from "../../services/_contracts/vocabulary.ts";
import { type Arguments, type Command, type Io, text } from "../command.ts";
import { EXIT } from "../exit.ts";
import { findK6, type K6 } from "../load/k6-program.ts";
import { invocation, type LoadRun } from "../load/k6-run.ts";
import { Problem } from "../problem.ts";
import { playgroundHere } from "../runner/here.ts";
import { isFree, portOffset } from "../runner/ports.ts";
import { reporterOn } from "../terminal/report.ts";

/** k6's own page, before `BATON_PORT_OFFSET`. */
const PAGE_PORT = 5665;

/** Returns `given` if it is one of `names`, else throws a Problem `usage` that lists them. */
function oneOf(what: string, given: string, names: readonly string[]): string {
  if (names.includes(given)) return given;
  throw new Problem("usage", `there is no ${what} "${given}"; there are ${names.join(", ")}`);
}

/** The fault that was asked for. An unknown one would have no effect, so it throws a Problem `usage`. */
function knownFault(given: string): string {
  const known = Object.entries(FAULT_POINTS).flatMap(([point, kinds]) =>
    kinds.map((kind) => `${point}:${kind}`),
  );
  for (const one of given.split("|").filter(Boolean)) oneOf("fault", one.replace(/[(*].*$/, ""), known);
  return given;
}

/** The addresses: from the environment (compose, another machine), else those of the playground that runs here. */
async function addresses(io: Io): Promise<Pick<LoadRun, "gateway" | "lens" | "jaeger" | "collector">> {
  const { BATON_GATEWAY_URL, BATON_LENS_URL, BATON_JAEGER_URL, BATON_COLLECTOR } = io.env;
  if (BATON_GATEWAY_URL) {
    return {
      gateway: BATON_GATEWAY_URL,
      lens: BATON_LENS_URL ?? "",
      jaeger: BATON_JAEGER_URL ?? "",
      collector: BATON_COLLECTOR ?? "",
    };
  }
  const here = await playgroundHere(io);
  const portOf = (name: string): number | undefined => here.parts.find((part) => part.name === name)?.port;
  const jaegerPort = portOf("jaeger");
  return {
    gateway: here.gateway,
    lens: here.lens,
    jaeger: jaegerPort === undefined ? "" : `http://127.0.0.1:${jaegerPort}`,
    // Without a Collector the port is lens', which has no use for a load generator's metrics.
    collector: portOf("collector") !== undefined ? `127.0.0.1:${here.ports.otlpGrpc}` : "",
  };
}

async function loadRun(args: Arguments, io: Io): Promise<LoadRun> {
  const names = [...scenarios.map(({ name }) => name), MIX];
  const scenario = oneOf("scenario", args.positionals[0] ?? "", names);
  const profile = oneOf(
    "profile",
    text(args, "profile") ?? "smoke",
    profiles.map(({ name }) => name),
  );
  const port = PAGE_PORT + portOffset(io.env.BATON_PORT_OFFSET);
  // A second run beside the first has no page, rather than fail.
  const pagePort = (await isFree(port)) ? port : 0;
  return {
    scenario,
    profile,
    fault: knownFault(text(args, "fault") ?? ""),
    pagePort,
    ...(await addresses(io)),
  };
}

/** Runs k6 to its end; a Ctrl-C lets it finish its checkouts and print its table. Resolves to its exit status. */
async function runK6(k6: K6, load: LoadRun, io: Io): Promise<number> {
  const { command, args, env } = invocation(k6, load, io.root, io.out.isTTY === true);
  const child = spawn(command, [...args], {
    env: { ...io.env, ...env },
    stdio: ["ignore", "inherit", "inherit"],
  });
  // A terminal sends Ctrl-C to k6 itself, and a second one would end it without its table.
  const passOn = (): void => {
    if (io.signal.reason !== "SIGINT" || !process.stdin.isTTY) child.kill(io.signal.reason);
  };
  io.signal.addEventListener("abort", passOn, { once: true });
  if (io.signal.aborted) passOn();
  const [code] = await once(child, "exit").finally(() => io.signal.removeEventListener("abort", passOn));
  return typeof code === "number" ? code : EXIT.failed;
}

const list = (of: readonly { readonly name: string; readonly says: string }[]): string =>
  of.map(({ name, says }) => `    ${name.padEnd(18)} ${says}`).join("\n");

export const load: Command = {
  name: "load",
  summary:
    "Runs a scenario, or the mix of all, in k6; a check that fails prints its trace id and where to look.",
  usage: `-- <scenario | ${MIX}> [--profile <profile>] [--fault <fault>]`,
  details: [
    "  scenarios",
    list(scenarios.map(({ name, title }) => ({ name, says: title }))),
    list([{ name: MIX, says: "all of them at once, by their weights" }]),
    "  --profile",
    list(profiles.map(({ name, does }) => ({ name, says: does }))),
    "  --fault      one more fault in every request, to see a broken promise",
  ].join("\n"),
  example: "npm run load -- checkout\nnpm run load -- mix --profile steady",
  statuses: { [EXIT.ok]: "every threshold held", [EXIT.threshold]: "a threshold did not hold" },
  options: { profile: { type: "string" }, fault: { type: "string" } },
  positionals: { least: 1, most: 1, what: "a scenario" },
  async run(args, io) {
    const load = await loadRun(args, io);
    const { root, dir, env, signal } = io;
    // The first time, this may build k6, and reports so.
    const k6 = await findK6({ root, dir, env, report: reporterOn(io.err), signal });
    if (load.pagePort > 0) io.out.write(`k6's page while it runs: http://127.0.0.1:${load.pagePort}\n`);
    const status = await runK6(k6, load, io);
    if (status === EXIT.threshold)
      io.out.write("a threshold did not hold; the first ✗ above says where to look\n");
    return status;
  },
};
