/** Rules for every scenario, so that a new one needs only its file and its line in the index. */
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { FAULT_POINTS } from "../services/_contracts/vocabulary.ts";
import { parseFaults } from "../services/_kit/telemetry/faults.ts";
import { services } from "../services/topology.ts";
import { HOPS } from "./hops.ts";
import { MIX } from "./plan.ts";
import { profiles } from "./profiles.ts";
import type { Scenario } from "./scenario.ts";
import { scenarios } from "./scenarios/index.ts";
import { hopId } from "./shapes.ts";

const here = import.meta.dirname;
const kindsOf: Readonly<Record<string, readonly string[]>> = FAULT_POINTS;
const table = new Set(HOPS.map(hopId));

test("every file in scenarios/ is in the index, under its own name", async () => {
  const files = (await readdir(path.join(here, "scenarios"))).filter((file) => file !== "index.ts");
  const wrong: string[] = [];
  const found = new Set<unknown>();
  for (const file of files) {
    const { default: scenario } = (await import(`./scenarios/${path.parse(file).name}.ts`)) as {
      default: Scenario;
    };
    found.add(scenario);
    const name = path.basename(file, ".ts");
    if (scenario.name !== name)
      wrong.push(`load/scenarios/${file}: its name is "${scenario.name}": call it "${name}", as its file`);
    if (!scenarios.includes(scenario))
      wrong.push(`load/scenarios/${file} is not in the index: add its line to load/scenarios/index.ts`);
  }
  for (const scenario of scenarios.filter((one) => !found.has(one)))
    wrong.push(
      `load/scenarios/index.ts has "${scenario.name}", and no file has it: give it one, or take it out`,
    );
  for (const [name, same] of Map.groupBy(scenarios, (one) => one.name))
    if (same.length > 1)
      wrong.push(`load/scenarios/index.ts has "${name}" ${same.length} times: once is enough`);
  expect(wrong).toEqual([]);
});

test("no file beside the index lists scenarios by name, or a new one would have to be added there, too", async () => {
  const root = path.dirname(here);
  const name = `(?:${scenarios.map((one) => one.name).join("|")})`;
  const quoted = new RegExp(`(["'\`])${name}\\1,\\s*(["'\`])${name}\\2`, "g");
  // In prose. Without a hyphen the two words may be variables.
  const told = new RegExp(`\\b${name}, ${name}\\b`, "g");
  const folders = ["load", "playground", "tests", "bench", "services", "dashboards", "collector"];
  const lists = folders.map(async (folder) =>
    (await readdir(path.join(root, folder), { recursive: true })).map((file) =>
      path.posix.join(folder, file),
    ),
  );
  const files = (await Promise.all(lists)).flat().filter((file) => file.endsWith(".ts"));
  const wrong: string[] = [];
  for (const file of files.filter((one) => one !== "load/scenarios/index.ts")) {
    const source = await readFile(path.join(root, file), "utf8");
    const found = [...source.matchAll(quoted), ...source.matchAll(told)].filter(
      ([text]) => /["'`]/.test(text) || text.includes("-"),
    );
    for (const { index } of found)
      wrong.push(
        `${file}:${source.slice(0, index).split("\n").length} lists scenarios by name: ` +
          "take them from load/scenarios/index.ts",
      );
  }
  expect(wrong).toEqual([]);
});

describe.each(scenarios)("$name", ({ name, title, why, request, faults, expect: promised, load }) => {
  test("has a name that k6 and a command line take, a title, and one sentence of why", () => {
    expect(name).toMatch(/^[a-z][a-z0-9-]{0,40}$/);
    expect(name).not.toBe(MIX);
    expect(title.length).toBeGreaterThan(5);
    expect(why).toMatch(/^[A-Z][^.]+\.$/);
  });

  test("has faults that parse, at known points, of kinds that these points take", () => {
    for (const { point, kind } of parseFaults(faults.join("|")))
      expect(kindsOf[point], point).toContain(kind);
  });

  test("orders items of the catalogue", async () => {
    const catalogue = await readFile(path.join(here, "../services/inventory/schema.sql"), "utf8");
    expect(request.items.length).toBeGreaterThan(0);
    for (const { sku, quantity } of request.items) {
      expect(catalogue).toContain(`('${sku}', `);
      expect(quantity).toBeGreaterThan(0);
    }
  });

  test("promises each hop once, in known services, and forbids none that it promises", () => {
    const names = new Set<string>(services.map((service) => service.name));
    const hops = [...promised.hops, ...promised.never];
    for (const hop of hops) expect(names, hopId(hop)).toContain(hop.service);
    expect(new Set(hops.map(hopId)).size).toBe(hops.length);
    const unknown = hops.map(hopId).filter((id) => !table.has(id));
    expect(
      unknown.map(
        (id) => `load/scenarios/${name}.ts names the hop "${id}": load/hops.ts has no such row, add it`,
      ),
    ).toEqual([]);
    expect(promised.hops[0], "the root comes first").toMatchObject({ service: "gateway", kind: "SERVER" });
  });

  test("fails, waits and is slow only at hops that it promises", () => {
    const at = promised.hops.map((hop) => `${hop.service} ${hop.name}`);
    for (const place of [promised.cause, promised.delay])
      if (place) expect(at).toContain(`${place.service} ${place.name}`);
    const events = promised.hops.some((hop) => hop.name.startsWith("create events."));
    expect(promised.waits.length > 0).toBe(events);
    expect(promised.cause !== null, "a promised cause goes with a refusal, and only with one").toBe(
      promised.httpStatus >= 400,
    );
  });

  test("has a weight, and a limit that its own delay fits into", () => {
    expect(load.weight).toBeGreaterThanOrEqual(0);
    expect(load.p95Ms).toBeGreaterThan(promised.delay?.atLeastMs ?? 0);
  });
});

test("every profile has a name of its own", () => {
  expect(profiles.map(({ name }) => name)).toEqual(["smoke", "steady", "spike", "soak"]);
});

test("k6 loads only files in load/ that need no Node: an image of k6 gets this folder and nothing else", async () => {
  const seen = new Set<string>();
  const foreign: string[] = [];
  const visit = async (file: string): Promise<void> => {
    if (seen.has(file)) return;
    seen.add(file);
    const source = await readFile(path.join(here, file), "utf8");
    for (const [, typeOnly, target = ""] of source.matchAll(
      /^(?:import|export) (type )?[^;]*?from "([^"]+)";/gm,
    )) {
      const next = path.posix.join(path.posix.dirname(file), target);
      if (!target.startsWith(".")) foreign.push(target);
      else if (next.startsWith("..")) foreign.push(next);
      else if (!typeOnly) await visit(next);
    }
  };
  await visit("k6.ts");
  expect(foreign.filter((target) => target !== "k6" && !target.startsWith("k6/"))).toEqual([]);
  expect([...seen]).toEqual(
    expect.arrayContaining(["scenarios/index.ts", "hops.ts", "answer.ts", "summary.ts", "plan.ts"]),
  );
});
