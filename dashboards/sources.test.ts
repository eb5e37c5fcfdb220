import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { DATASOURCES, OWN, type Sources } from "./datasources.ts";
import { type Held, openIn } from "./grafana.fixture.ts";
import { readDashboard, readDashboards } from "./queries.ts";
import { DASHBOARDS_DIR, render, wanted } from "./render.ts";

const command = path.join(import.meta.dirname, "render.ts");
const TYPES = ["prometheus", "jaeger", "loki"] as const;

/** Another Grafana, which has two of each type. */
const theirs: readonly Held[] = TYPES.flatMap((type) => [
  { type, uid: `their-${type}` },
  { type, uid: `their-second-${type}` },
]);

/** The uids of data sources that a link to Explore names. */
function sourcesIn(link: string): string[] {
  if (!link.startsWith("/explore?")) return [];
  const panes = new URLSearchParams(link.slice("/explore?".length)).get("panes") ?? "";
  const { traces } = JSON.parse(panes) as {
    traces: { datasource: string; queries: { datasource: { uid: string } }[] };
  };
  return [traces.datasource, ...traces.queries.map(({ datasource }) => datasource.uid)];
}

/** Everything below `value` that stands under the key `datasource`. */
function references(value: unknown): unknown[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, below]) => [
    ...(key === "datasource" ? [below] : []),
    ...references(below),
  ]);
}

describe("our own data sources", () => {
  interface Provisioned {
    readonly datasources: readonly { readonly uid: string; readonly type: string; readonly url: string }[];
  }
  const file = path.join(DASHBOARDS_DIR, "../datasources/baton.yaml");
  const source = () => readFile(file, "utf8");

  test("are provisioned, and every query and link leads to one of them", async () => {
    const { datasources } = parse(await source()) as Provisioned;
    const provisioned = datasources.map(({ uid, type }) => `${type} ${uid}`);
    expect(provisioned.toSorted()).toEqual(TYPES.map((type) => `${type} ${OWN[type]}`).toSorted());
    const opened = (await readDashboards()).map((dashboard) => openIn(datasources, dashboard));
    const asked = opened.flatMap(({ queries }) => queries.map(({ type, uid }) => `${type} ${uid}`));
    expect(new Set(asked)).toEqual(new Set([`prometheus ${OWN.prometheus}`, `loki ${OWN.loki}`]));
    expect(new Set(opened.flatMap(({ links }) => links.flatMap(sourcesIn)))).toEqual(new Set([OWN.jaeger]));
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

describe("in another Grafana", () => {
  test("every query goes to its own data source of that type, and every link leads there", async () => {
    const opened = (await readDashboards()).map((dashboard) => openIn(theirs, dashboard));
    const queries = opened.flatMap((one) => one.queries);
    expect(queries.length).toBeGreaterThan(100);
    expect(queries.filter(({ type, uid }) => uid !== `their-${type}`)).toEqual([]);
    const links = opened.flatMap((one) => one.links);
    expect(new Set(links.flatMap(sourcesIn))).toEqual(new Set(["their-jaeger"]));
    expect(links.filter((link) => /baton-(prometheus|jaeger|loki)/.test(link))).toEqual([]);
  });

  test("another one of the type is chosen at the top, and another address of lens", async () => {
    const chosen = {
      prometheus: "their-second-prometheus",
      jaeger: "their-second-jaeger",
      lens: "https://lens.test",
    };
    for (const dashboard of await readDashboards()) {
      const { queries, links } = openIn(theirs, dashboard, chosen);
      const asked = queries.filter(({ type }) => type === "prometheus").map(({ uid }) => uid);
      expect(new Set(asked), dashboard.title).toEqual(new Set(["their-second-prometheus"]));
      const outside = links.filter((link) => !link.startsWith("/explore?"));
      expect(outside.length, dashboard.title).toBeGreaterThan(0);
      expect(outside.filter((link) => !link.startsWith("https://lens.test"))).toEqual([]);
      expect(links.flatMap(sourcesIn).filter((uid) => uid !== "their-second-jaeger")).toEqual([]);
    }
  });

  test("what it has no data source for stays empty, and the rest works", async () => {
    const [overview] = (await readDashboards()).filter(({ uid }) => uid === "baton-overview");
    if (!overview) throw new Error("the overview is missing");
    const withoutLogs = theirs.filter(({ type }) => type !== "loki");
    const { queries } = openIn(withoutLogs, overview);
    expect(queries.filter(({ uid }) => uid === "").map(({ type }) => type)).toEqual(["loki"]);
  });

  test("nothing refers to a data source but by a variable of its dashboard", async () => {
    for (const [file, json] of render()) {
      const found = references(JSON.parse(json));
      expect(found.length, file).toBeGreaterThan(0);
      for (const reference of found) expect(Object.values(DATASOURCES), file).toContainEqual(reference);
      const variables = readDashboard(json).templating.list.map(({ name }) => `\${${name}}`);
      const used = [...json.matchAll(/\$\{[a-z]\w*\}/g)].map(([variable]) => variable);
      expect(new Set(used), file).toEqual(new Set(variables));
    }
  });
});

describe("rendered with other uids", () => {
  const other: Sources = {
    prometheus: "their-second-prometheus",
    jaeger: "their-second-jaeger",
    loki: "their-second-loki",
    lens: "https://lens.test",
  };
  const dirs: string[] = [];
  afterAll(() => Promise.all(dirs.map((dir) => rm(dir, { recursive: true }))));

  test("no uid and no address of ours is left, and theirs are what is shown first", () => {
    for (const [file, json] of render(other)) {
      expect(json, file).not.toMatch(/baton-(prometheus|jaeger|loki)|127\.0\.0\.1/);
      const { queries, links } = openIn(theirs, readDashboard(json));
      expect(queries.filter(({ type, uid }) => uid !== `their-second-${type}`)).toEqual([]);
      expect(links.flatMap(sourcesIn).filter((uid) => uid !== "their-second-jaeger")).toEqual([]);
    }
  });

  test("they are the same but for the values of the variables", () => {
    const strip = (json: string) => ({ ...JSON.parse(json), templating: null });
    const own = render();
    for (const [file, json] of render(other)) expect(strip(json), file).toEqual(strip(own.get(file) ?? ""));
  });

  test("is refused without a folder: our own Grafana has our own uids", () => {
    expect(wanted([])).toEqual({ sources: OWN });
    expect(wanted(["--to", "there", "--loki", "theirs"])).toEqual({
      to: "there",
      sources: { ...OWN, loki: "theirs" },
    });
    expect(() => wanted(["--loki", "theirs"])).toThrow("say --to FOLDER, too");
    expect(() => wanted(["--tempo", "theirs"])).toThrow("--tempo");
  });

  test("npm run dashboards -- --to writes them into a folder of the user's, beside what lies there", async () => {
    const dir = await mkdtemp(path.join(os.tmpdir(), "baton-dashboards-"));
    dirs.push(dir);
    const args = Object.entries(other).flatMap(([name, value]) => [`--${name}`, value]);
    await promisify(execFile)(process.execPath, [command, "--to", dir, ...args]);
    const files = render(other);
    expect((await readdir(dir)).toSorted()).toEqual([...files.keys()].toSorted());
    for (const [file, json] of files) expect(await readFile(path.join(dir, file), "utf8"), file).toBe(json);
  });
});
