/** Every query of every panel and alert, as rendered and provisioned. A running stack must answer them. */
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { parse } from "yaml";
import * as z from "zod";
import { subjectOf, withoutVariables } from "./promql.ts";
import { DASHBOARDS_DIR } from "./render.ts";

/** The folder with Prometheus' configuration and rules. */
export const PROMETHEUS_DIR = path.join(import.meta.dirname, "provisioning/prometheus");

export interface PanelQuery {
  /** The dashboard's title; `alerts` for a rule. */
  readonly dashboard: string;
  /** The panel's title, or the alert's name. */
  readonly panel: string;
  readonly expr: string;
}

const DataSource = z.object({ type: z.string(), uid: z.string() });
const Link = z.object({ title: z.string(), url: z.string().optional() });

const Target = z.object({
  refId: z.string().min(1),
  expr: z.string().min(1),
  exemplar: z.boolean().optional(),
  datasource: DataSource,
});

const Panel = z.object({
  type: z.string(),
  title: z.string().min(1),
  description: z.string().min(1).optional(),
  datasource: DataSource.optional(),
  fieldConfig: z
    .object({
      defaults: z.object({ unit: z.string().min(1).optional(), links: z.array(Link).default([]) }),
    })
    .optional(),
  targets: z.array(Target).optional(),
});

const Variable = z.object({
  type: z.enum(["datasource", "textbox"]),
  name: z.string(),
  /** Of a data source, its type. */
  query: z.string(),
  current: z.object({ value: z.string() }),
});

const Dashboard = z.object({
  uid: z.string(),
  title: z.string(),
  description: z.string(),
  panels: z.array(Panel),
  links: z.array(Link),
  templating: z.object({ list: z.array(Variable) }),
});
export type RenderedDashboard = z.output<typeof Dashboard>;

const Rules = z.object({
  groups: z.array(
    z.object({
      name: z.string(),
      rules: z.array(
        z.strictObject({
          alert: z.string(),
          expr: z.string(),
          for: z.string().optional(),
          labels: z.object({ severity: z.enum(["page", "ticket"]) }),
          annotations: z.strictObject({
            summary: z.string().min(1),
            description: z.string().min(1),
            runbook: z.string().min(1),
            means: z.string().min(1).optional(),
          }),
        }),
      ),
    }),
  ),
});
export type AlertRule = z.output<typeof Rules>["groups"][number]["rules"][number];

/** The rendered dashboards. Throws when a panel lacks something. */
export async function readDashboards(): Promise<readonly RenderedDashboard[]> {
  const files = (await readdir(DASHBOARDS_DIR)).filter((file) => file.endsWith(".json")).toSorted();
  return Promise.all(
    files.map(async (file) => readDashboard(await readFile(path.join(DASHBOARDS_DIR, file), "utf8"))),
  );
}

/** A dashboard from its JSON. Throws when a panel lacks something. */
export const readDashboard = (json: string): RenderedDashboard => Dashboard.parse(JSON.parse(json));

/** The alert rules. Throws when one lacks its severity or an annotation. */
export async function readRules(): Promise<readonly AlertRule[]> {
  const dir = path.join(PROMETHEUS_DIR, "rules");
  const files = (await readdir(dir)).filter((file) => file.endsWith(".rules.yaml")).toSorted();
  const groups = await Promise.all(
    files.map(async (file) => Rules.parse(parse(await readFile(path.join(dir, file), "utf8"))).groups),
  );
  return groups.flat().flatMap(({ rules }) => rules);
}

/** Every query of the provisioned dashboards and alerts. */
export const queriesOf = async (): Promise<readonly PanelQuery[]> =>
  queriesIn(await readDashboards(), await readRules());

/**
 * PromQL with Grafana's variables replaced, ready for a Prometheus. An alert's query is the value that it compares: its
 * comparison selects nothing as long as all is well.
 */
export function queriesIn(
  dashboards: readonly RenderedDashboard[],
  alerts: readonly Pick<AlertRule, "alert" | "expr">[],
): readonly PanelQuery[] {
  const shown = panelQueries(dashboards, "prometheus").map((query) => ({
    ...query,
    expr: withoutVariables(query.expr),
  }));
  const compared = alerts.map(({ alert, expr }) => ({
    dashboard: "alerts",
    panel: alert,
    expr: subjectOf(expr),
  }));
  return [...shown, ...compared];
}

/** LogQL, as in the panels. */
export const logQueriesOf = async (): Promise<readonly PanelQuery[]> =>
  panelQueries(await readDashboards(), "loki");

const panelQueries = (
  dashboards: readonly RenderedDashboard[],
  type: "prometheus" | "loki",
): readonly PanelQuery[] =>
  dashboards.flatMap(({ title, panels }) =>
    panels.flatMap((panel) =>
      (panel.targets ?? [])
        .filter(({ datasource }) => datasource.type === type)
        .map(({ expr }) => ({ dashboard: title, panel: panel.title, expr })),
    ),
  );
