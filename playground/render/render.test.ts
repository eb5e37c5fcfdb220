import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { type Service, service } from "../../services/declare.ts";
import { services } from "../../services/topology.ts";
import { withBlocks } from "./blocks.ts";
import { countedLines, countWord, withCounts } from "./counts.ts";
import { type Rendered, rendered, renderedCode } from "./render.ts";

const root = path.resolve(import.meta.dirname, "../..");

/** The first line of a file that is out of date, and the fix. */
function stale({ file, kept, text }: Rendered): string[] {
  if (kept === text) return [];
  const lines = kept.split("\n");
  const line = text.split("\n").findIndex((should, i) => should !== lines[i]) + 1;
  return [`${file}:${line} is not in step: npm run render`];
}

/** What a module of the project imports as it is loaded. */
async function importsOf(file: string): Promise<string[]> {
  const code = await readFile(path.join(root, file), "utf8");
  return [...code.matchAll(/^import .* from "([^"]+)";$/gm)].map(([, from = ""]) => from);
}

test("every rendered file is up to date", async () => {
  expect([...(await renderedCode(root)), ...(await rendered(root))].flatMap(stale)).toEqual([]);
});

test("no import loads the dashboards before the constants that they read are written", async () => {
  const imports = await importsOf("playground/render/render.ts");
  expect(imports).toContain("../../telemetry/render/code.ts");
  expect(imports.filter((one) => one.includes("dashboards"))).toEqual([]);
});

test("one more service appears in every file that must have it", async () => {
  const port = Math.max(...services.map((one) => one.port)) + 1;
  const plain: Service = service("points", { port, does: "points for orders", database: true });
  const files = await rendered(root, [...services, { ...plain, hears: { OrderConfirmed: "single" } }]);
  const added = (name: string) => {
    const { kept = "", text = "" } = files.find(({ file }) => file === name) ?? {};
    const known = new Set(kept.split("\n"));
    return text.split("\n").filter((line) => !known.has(line));
  };
  const says = (name: string, ...lines: unknown[]) =>
    expect(added(name), name).toEqual(expect.arrayContaining(lines));
  says(
    "services/databases.sql",
    "CREATE ROLE baton_points LOGIN PASSWORD 'baton_points';",
    "CREATE DATABASE baton_points OWNER baton_points;",
    expect.stringMatching(/^REVOKE CONNECT ON DATABASE .*, baton_points FROM PUBLIC;$/),
  );
  says(
    "compose.yaml",
    `  BATON_POINTS_URL: http://points:${port}`,
    expect.stringMatching(/^ {2}events\.OrderConfirmed=.*\+points,?$/),
    "  points:",
    `    healthcheck: { <<: *watched, test: [CMD, wget, -q, -O, /dev/null, "http://127.0.0.1:${port}/readyz"] }`,
  );
  says("collector/scaled/compose.yaml", "  points: *twice");
  const count = `in ${countWord(services.length + 1)} small TypeScript services`;
  says("README.md", expect.stringContaining(count));
  says("docs/settings.md", `| points | ${port} | points for orders |`);
  says("ARCHITECTURE.md", "| points | points for orders | | OrderConfirmed | | a database |");
});

describe("a block", () => {
  const kept = "by hand\n# rendered: list (of fruit)\n- pear\n# end of rendered: list\nby hand\n";
  const list = (name: string) => (name === "list" ? ["- apple", "- plum"] : undefined);

  test("is the text between its marks; the marks and the rest stay", () => {
    const { text, names } = withBlocks("a.yaml", kept, list);
    expect(text).toBe(kept.replace("- pear\n", "- apple\n- plum\n"));
    expect(names).toEqual(["list"]);
    expect(withBlocks("a.yaml", text, list).text).toBe(text);
  });

  test("is named with its file when nothing renders it, or when it has no end", () => {
    expect(() => withBlocks("a.yaml", kept.replaceAll("list", "lisp"), list)).toThrow(
      'a.yaml has a block "lisp" that nothing renders',
    );
    expect(() => withBlocks("a.yaml", kept.replace("end of rendered: list", "end"), list)).toThrow(
      /^a\.yaml has a block without its end/,
    );
  });
});

describe("a count of services in a sentence", () => {
  test("is that of the topology; fewer than five may be some of them, and output in a fence stays", () => {
    const text =
      "Seven small services, 6 services, two services.\n```text\n7 services\n```\nseven databases\n";
    expect(withCounts(text, 8)).toBe(
      "eight small services, eight services, two services.\n```text\n7 services\n```\nseven databases\n",
    );
    expect([countWord(7), countWord(12), countWord(13)]).toEqual(["seven", "twelve", "13"]);
  });

  test("is not in code, comments or messages, which are not rendered", async () => {
    const listed = await Promise.all(
      ["services", "collector", "load", "playground", "bench", "dashboards", "telemetry"].map(
        async (folder) =>
          (await readdir(path.join(root, folder), { recursive: true })).map((file) =>
            path.join(folder, file),
          ),
      ),
    );
    const files = ["compose.yaml", "package.json", "Dockerfile", ...listed.flat()].filter(
      (file) =>
        /\.(ts|cjs|sh|yaml|json)$|^Dockerfile$/.test(file) && !/\.(test|fixture)\.ts$|results/.test(file),
    );
    expect(files.length).toBeGreaterThan(100);
    const found = await Promise.all(
      files.map(async (file) =>
        countedLines(await readFile(path.join(root, file), "utf8")).map(
          ({ line, says }) => `${file}:${line} says "${says}": say \`services.length\`, or no number`,
        ),
      ),
    );
    expect(found.flat()).toEqual([]);
  });
});
