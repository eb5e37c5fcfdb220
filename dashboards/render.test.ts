import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { expect, test } from "vitest";
import { logQueriesOf, readDashboards } from "./queries.ts";
import { DASHBOARDS_DIR, RULES_DIR, render, renderRules } from "./render.ts";

const text = (file: string): Promise<string> => readFile(path.join(DASHBOARDS_DIR, file), "utf8");

test("the JSON that Grafana provisions is what the dashboards render to: npm run dashboards", async () => {
  const rendered = render();
  const kept = (await readdir(DASHBOARDS_DIR)).filter((file) => file.endsWith(".json"));
  expect(kept.toSorted()).toEqual([...rendered.keys()].toSorted());
  for (const [file, json] of rendered) expect(await text(file), file).toBe(json);
});

test("the alerts that Prometheus reads, and their tests, are what they render to: npm run dashboards", async () => {
  const rendered = renderRules();
  expect((await readdir(RULES_DIR)).toSorted()).toEqual([...rendered.keys()].toSorted());
  for (const [file, yaml] of rendered)
    expect(await readFile(path.join(RULES_DIR, file), "utf8"), file).toBe(yaml);
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
