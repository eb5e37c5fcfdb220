import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { DATASOURCES } from "./datasources.ts";
import { logQueriesOf, readDashboards } from "./queries.ts";
import { DASHBOARDS_DIR, render } from "./render.ts";

const text = (file: string): Promise<string> => readFile(path.join(DASHBOARDS_DIR, file), "utf8");

test("the JSON that Grafana provisions is what the dashboards render to: npm run dashboards", async () => {
  const rendered = render();
  const kept = (await readdir(DASHBOARDS_DIR)).filter((file) => file.endsWith(".json"));
  expect(kept.toSorted()).toEqual([...rendered.keys()].toSorted());
  for (const [file, json] of rendered) expect(await text(file), file).toBe(json);
});

test("every dashboard has its own uid and title", async () => {
  const dashboards = await readDashboards();
  expect(dashboards.length).toBeGreaterThan(0);
  expect(new Set(dashboards.map(({ uid }) => uid)).size).toBe(dashboards.length);
  expect(new Set(dashboards.map(({ title }) => title)).size).toBe(dashboards.length);
});

test("every panel has its own title, a description and, if it shows numbers, a unit", async () => {
  for (const { title, panels } of await readDashboards()) {
    const shown = panels.filter(({ type }) => type !== "row");
    expect(shown.length, title).toBeGreaterThan(0);
    const titles = panels.map((panel) => panel.title);
    const twice = titles.filter((name, index) => titles.indexOf(name) !== index);
    expect(twice, `${title}: panels with one title`).toEqual([]);
    for (const panel of shown) {
      expect(panel.description, `${title}, ${panel.title}: description`).toBeTruthy();
      if (panel.type !== "logs")
        expect(panel.fieldConfig?.defaults.unit, `${title}, ${panel.title}: unit`).toBeTruthy();
      expect(panel.targets?.length, `${title}, ${panel.title}: queries`).toBeGreaterThan(0);
      const ids = panel.targets?.map(({ refId }) => refId) ?? [];
      expect(new Set(ids).size, `${title}, ${panel.title}: queries with one id`).toBe(ids.length);
    }
  }
});

describe("data sources", () => {
  interface Provisioned {
    readonly datasources: readonly { readonly uid: string; readonly type: string; readonly url: string }[];
  }
  const file = path.join(DASHBOARDS_DIR, "../datasources/baton.yaml");
  const source = () => readFile(file, "utf8");

  test("of panels are provisioned in Grafana, by uid and type", async () => {
    const { datasources } = parse(await source()) as Provisioned;
    const provisioned = datasources.map(({ uid, type }) => `${type} ${uid}`);
    expect(provisioned.toSorted()).toEqual(
      Object.values(DATASOURCES)
        .map(({ type, uid }) => `${type} ${uid}`)
        .toSorted(),
    );
    const asked = (await readDashboards()).flatMap(({ panels }) =>
      panels.flatMap(({ targets }) =>
        (targets ?? []).map(({ datasource }) => `${datasource.type} ${datasource.uid}`),
      ),
    );
    expect(provisioned).toEqual(expect.arrayContaining([...new Set(asked)]));
  });

  test("link only to existing ones, and all three are linked both ways", async () => {
    const { datasources } = parse(await source()) as Provisioned;
    const uids = new Set(datasources.map(({ uid }) => uid));
    const links = datasources.flatMap((from) =>
      [...JSON.stringify(from).matchAll(/"datasourceUid":"([^"]+)"/g)].map((to) => `${from.uid} > ${to[1]}`),
    );
    for (const link of links) expect(uids, link).toContain(link.split(" > ")[1]);
    expect(new Set(links)).toEqual(
      new Set([
        "baton-prometheus > baton-jaeger",
        "baton-jaeger > baton-loki",
        "baton-loki > baton-jaeger",
        "baton-loki > baton-loki",
      ]),
    );
  });

  test("have addresses from the environment, and Grafana's own variables are escaped", async () => {
    const { datasources } = parse(await source()) as Provisioned;
    for (const { uid, url } of datasources) expect(url, uid).toMatch(/^\$BATON_[A-Z]+_URL$/);
    const variables = [...(await source()).matchAll(/(\$+)(\{__|BATON_)/g)];
    for (const [all, dollars, start] of variables) expect(dollars, all).toBe(start === "{__" ? "$$" : "$");
  });
});

/**
 * Only a static check: there is no LogQL parser for Node, and no Loki without Docker. It finds a query that is empty,
 * selects no stream, or lacks a brace, bracket or quote.
 */
test("LogQL begins with a stream selector, and its braces and quotes are balanced", async () => {
  const queries = await logQueriesOf();
  expect(queries.length).toBeGreaterThan(0);
  for (const { panel, expr } of queries) {
    expect(expr, panel).toMatch(/^\{\s*\w+\s*(=~?|!=|!~)\s*"/);
    expect(unbalanced(expr), panel).toBe("");
  }
  expect(unbalanced('{a="}"} | b="(?i)x"')).toBe("");
  expect(unbalanced('{a="b"')).toBe("{");
  expect(unbalanced('{a="b}')).toBe('"');
});

/** The first character that is not closed or closed too often; empty when all are balanced. */
function unbalanced(logql: string): string {
  const closing: Readonly<Record<string, string>> = { "}": "{", ")": "(", "]": "[" };
  const open: string[] = [];
  const outside = logql.replaceAll(/"(?:[^"\\]|\\.)*"/g, "");
  if (outside.includes('"')) return '"';
  for (const char of outside) {
    if ("{([".includes(char)) open.push(char);
    else if (closing[char] !== undefined && open.pop() !== closing[char]) return char;
  }
  return open[0] ?? "";
}
