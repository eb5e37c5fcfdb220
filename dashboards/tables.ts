/** The tables of docs/your-grafana.md: what there is to import, and what it needs. */
import { readFile } from "node:fs/promises";
import path from "node:path";
import { parse, stringify } from "yaml";
import * as z from "zod";
import { ALERTS } from "./alerts/groups.ts";
import { DATASOURCES, OWN } from "./datasources.ts";
import { needsOf } from "./needs.ts";
import { PARTS } from "./parts.ts";
import { queriesIn, readDashboard } from "./queries.ts";
import { render } from "./render.ts";

const row = (...cells: readonly string[]): string =>
  `|${cells.map((cell) => (cell === "" ? " " : ` ${cell.replaceAll("|", "\\|")} `)).join("|")}|`;
const table = (head: readonly string[], rows: readonly (readonly string[])[]): string[] => [
  row(...head),
  `|${head.map(() => "---|").join("")}`,
  ...rows.map((cells) => row(...cells)),
];
const code = (text: string): string => `\`${text}\``;
const list = (words: readonly string[]): string => words.map(code).join(", ");

/** The dashboards as they are rendered now, by file name. */
const dashboards = new Map([...render()].map(([file, json]) => [file, readDashboard(json)]));

/** Each table by the name of its block. */
export async function grafanaTables(): Promise<Readonly<Record<string, readonly string[]>>> {
  const alerts = ALERTS.flatMap((group) => group.alerts);
  return {
    dashboards: dashboardTable(),
    "asked-metrics": metricTable(queriesIn([...dashboards.values()], alerts)),
    "pipeline-parts": table(
      ["part", "where", "does", "it is there when this has an answer"],
      PARTS.map(({ name, in: where, does, check }) => [code(name), where, does, code(check)]),
    ),
    "datasource-links": await linkSettings(),
  };
}

function dashboardTable(): string[] {
  return table(
    ["file", "dashboard", "shows", "data sources"],
    [...dashboards].map(([file, { title, description, templating }]) => [
      `[${file}](../dashboards/provisioning/grafana/dashboards/${file})`,
      title,
      description,
      templating.list
        .filter(({ type }) => type === "datasource")
        .map(({ query }) => query)
        .join(", "),
    ]),
  );
}

/** What each dashboard and alert asks for, with the part that it comes from. */
function metricTable(queries: Parameters<typeof needsOf>[0]): string[] {
  const short = (title: string): string => title.replace(/^Baton: /, "");
  return table(
    ["metric", "in Prometheus", "labels", "comes through", "asked by"],
    needsOf(queries).map(({ metric, series, labels, where }) => [
      code(metric.name),
      list(series),
      list(labels),
      list(PARTS.filter(({ makes }) => makes(metric)).map(({ name }) => name)),
      where.map(short).join(", "),
    ]),
  );
}

const Provisioned = z.object({
  datasources: z.array(
    z.object({ uid: z.string(), type: z.string(), jsonData: z.record(z.string(), z.unknown()) }),
  ),
});

/** What our own data sources say of the links between the signals, as one would write it for other uids. */
async function linkSettings(): Promise<string[]> {
  const file = path.join(import.meta.dirname, "provisioning/grafana/datasources/baton.yaml");
  let text = await readFile(file, "utf8");
  for (const type of Object.keys(DATASOURCES) as (keyof typeof DATASOURCES)[])
    text = text.replaceAll(OWN[type], `YOUR_${type.toUpperCase()}`);
  const { datasources } = Provisioned.parse(parse(text.replaceAll("$BATON_LENS_PUBLIC_URL", OWN.lens)));
  const settings = datasources.map(({ uid, type, jsonData }) => ({ uid, type, jsonData }));
  return [
    "```yaml",
    ...stringify({ datasources: settings }, { lineWidth: 118 }).trimEnd().split("\n"),
    "```",
  ];
}
