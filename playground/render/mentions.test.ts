/** Services, ports and settings that people write down by hand: each is one that services/topology.ts declares. */
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { expect, test } from "vitest";
import { FAULT_POINTS } from "../../services/_contracts/vocabulary.ts";
import type { Setting } from "../../services/declare.ts";
import { lens, services } from "../../services/topology.ts";
import { commands } from "../cli.ts";
import { typed } from "../command.ts";
import { EXIT } from "../exit.ts";
import { missingProblem } from "../provide/missing.ts";
import { VARIABLES } from "../variables.ts";

const root = path.resolve(import.meta.dirname, "../..");
const names: readonly string[] = services.map(({ name }) => name);
/** Other jobs that write metrics. */
const OTHERS = [lens.name, "otelcol", "prometheus"];

const read = (file: string): Promise<string> => readFile(path.join(root, file), "utf8");

/** Each line of `files` with its place. */
async function linesOf(files: readonly string[]): Promise<{ at: string; line: string }[]> {
  const all = await Promise.all(
    files.map(async (file) =>
      (await read(file)).split("\n").map((line, i) => ({ at: `${file}:${i + 1}`, line })),
    ),
  );
  return all.flat();
}

const filesOf = async (folder: string, ending: RegExp): Promise<string[]> =>
  (await readdir(path.join(root, folder), { recursive: true }))
    .filter((file) => ending.test(file))
    .map((file) => path.posix.join(folder, file.replaceAll("\\", "/")));

test("each job that a dashboard or a rule asks for is a service, or one of the others that write metrics", async () => {
  const lines = await linesOf(await filesOf("dashboards", /\.(ts|ya?ml)$/));
  const asked = lines.flatMap(({ at, line }) =>
    [...line.matchAll(/\b(?:job="|labels: \{ job: )([a-z]+)/g)].map(([, job = ""]) => ({ at, job })),
  );
  expect(asked.length).toBeGreaterThan(5);
  const unknown = asked.filter(({ job }) => !names.includes(job) && !OTHERS.includes(job));
  expect(unknown.map(({ at, job }) => `${at}: ${job} is no service of services/topology.ts`)).toEqual([]);
});

test("Prometheus in compose looks for lens at the port that it has", async () => {
  const file = "dashboards/provisioning/prometheus/targets/baton.yaml";
  expect(/^- targets: \[lens:(\d+)\]$/m.exec(await read(file))?.[1], file).toBe(String(lens.port));
});

test("each fault point is one of a service", () => {
  const strange = Object.keys(FAULT_POINTS).filter((point) => !names.includes(point.split(".")[0] ?? ""));
  expect(strange.map((point) => `services/_contracts/vocabulary.ts: ${point} is of no service`)).toEqual([]);
});

/** The rows of a document's tables. */
const rowsOf = async (file: string): Promise<string[]> =>
  (await linesOf([file])).map(({ line }) => line).filter((line) => line.startsWith("| "));

test("each setting of a service is in a table of the documents, with its preset", async () => {
  const rows = await rowsOf("docs/settings.md");
  const missing = services.flatMap(({ name, settings }) =>
    Object.entries<Setting>(settings)
      .filter(
        ([variable, { preset }]) =>
          !rows.some((row) => row.includes(`\`${variable}\``) && new RegExp(`\\b${preset}\\b`).test(row)),
      )
      .map(
        ([variable, { preset }]) =>
          `docs/settings.md: no row says that ${variable} of ${name} is ${preset} unless it is set`,
      ),
  );
  expect(missing).toEqual([]);
});

test("the tables of docs/settings.md have each variable that is checked, and each that compose reads", async () => {
  const rows = await rowsOf("docs/settings.md");
  const composed = [await read("compose.yaml"), await read("collector/collector.yaml")].flatMap((text) =>
    [...text.matchAll(/^ *([A-Z0-9_]+):$|\$\{(?:env:)?([A-Z0-9_]+)/gm)].map(
      ([, passed, read]) => passed ?? read ?? "",
    ),
  );
  // One row covers the ports of all parts. compose and the runner set the Collector's addresses.
  const own = /_(PORT|ENDPOINT|PASSWORD|USER|HOST)$|_(LENS_OTLP|PROMETHEUS|LOKI)_URL$/;
  const wanted = new Set([
    ...VARIABLES.map(({ name }) => name),
    ...composed.filter((name) => !own.test(name)),
  ]);
  expect(wanted.size).toBeGreaterThan(40);
  const missing = [...wanted].filter((name) => !rows.some((row) => row.includes(`\`${name}\``)));
  expect(missing.map((name) => `docs/settings.md: no row has ${name}`)).toEqual([]);
});

test("the table in the tour has each fault", async () => {
  const rows = await rowsOf("docs/tour.md");
  const faults = Object.entries(FAULT_POINTS).flatMap(([point, kinds]) =>
    kinds.map((kind) => `${point}:${kind}`),
  );
  const missing = faults.filter((fault) => !rows.some((row) => new RegExp(`^\\| \`${fault}\\b`).test(row)));
  expect(missing.map((fault) => `docs/tour.md: no row of the faults has ${fault}`)).toEqual([]);
});

test("the README names the lines that install the servers as the playground itself does", async () => {
  const { message } = missingProblem(["nats", "redis"], null);
  const lines = [...message.matchAll(/^ {2}(?:Fedora|macOS) +(.*)$/gm)].map(([, line = ""]) => line);
  expect(lines).toHaveLength(2);
  const readme = await read("README.md");
  for (const line of lines) expect(readme).toContain(`\`${line}\``);
});

test("the tables of docs/commands.md have each command and each exit status", async () => {
  const rows = await rowsOf("docs/commands.md");
  const wanted = [
    ...Object.keys(commands).map((name) => `\`${typed(name)}\``),
    ...Object.values(EXIT).map(String),
  ];
  const missing = wanted.filter((cell) => !rows.some((row) => row.startsWith(`| ${cell} |`)));
  expect(missing.map((cell) => `docs/commands.md: no row begins with ${cell}`)).toEqual([]);
});
