/** Services, ports and settings that people write down by hand: each is one that services/topology.ts declares. */
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { expect, test } from "vitest";
import { FAULT_POINTS } from "../../services/_contracts/vocabulary.ts";
import type { Setting } from "../../services/declare.ts";
import { lens, services } from "../../services/topology.ts";

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

test("each setting of a service is in a table of the documents, with its preset", async () => {
  const documents = ["README.md", ...(await filesOf("docs", /\.md$/))];
  const rows = (await linesOf(documents)).filter(({ line }) => line.startsWith("| "));
  const missing = services.flatMap(({ name, settings }) =>
    Object.entries<Setting>(settings)
      .filter(
        ([variable, { preset }]) =>
          !rows.some(
            ({ line }) => line.includes(`\`${variable}\``) && new RegExp(`\\b${preset}\\b`).test(line),
          ),
      )
      .map(
        ([variable, { preset }]) =>
          `README.md: no row of the settings says that ${variable} of ${name} is ${preset} unless it is set`,
      ),
  );
  expect(missing).toEqual([]);
});
