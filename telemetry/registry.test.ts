import { readFile } from "node:fs/promises";
import path from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import type { Vocabulary } from "../services/_contracts/vocabulary.ts";
import { wantedBy } from "./draw/facts.ts";
import { namesOf } from "./draw/names.ts";
import { OWN, ownFiles, readFileOf, root, UPSTREAM } from "./files.ts";
import { type Group, readGroups } from "./form.ts";
import { levelOf, Model } from "./model.ts";
import { readRegistry, registryOf } from "./registry.ts";
import { type Level, NAMESPACES, type Registry } from "./rows.ts";

let registry: Registry;
let own: Group[];
let upstream: Group[];
beforeAll(async () => {
  registry = await readRegistry();
  own = (await ownFiles()).flatMap(({ groups }) => groups);
  upstream = [...(await readFileOf(UPSTREAM)).groups];
});

const isOurs = (name: string): boolean => NAMESPACES.some((space) => name.startsWith(`${space}.`));
const attributes = () => [...registry.attributes.values()];
const metrics = () => [...registry.metrics.values()];
const events = () => [...registry.events.values()];

describe("names of our own", () => {
  test("stand in a namespace that is listed, and nothing of upstream's does", () => {
    const named = [
      ...attributes().map(({ name, upstream }) => ({ name, upstream })),
      ...metrics().map(({ name, upstream }) => ({ name, upstream })),
      ...events().map(({ name, upstream }) => ({ name, upstream })),
    ];
    expect(named.filter(({ name, upstream }) => isOurs(name) === (upstream !== undefined))).toEqual([]);
    expect(named.filter(({ upstream }) => upstream === undefined).length).toBeGreaterThan(60);
  });

  test("are words with dots and underscores, and none is the namespace of another", () => {
    const names = [...attributes(), ...metrics(), ...events()].map(({ name }) => name);
    const form = /^[a-z][a-z0-9]*([._][a-z0-9]+)*$/;
    expect(names.filter((name) => isOurs(name) && !form.test(name))).toEqual([]);
    const both = attributes()
      .map(({ name }) => name)
      .filter((name, _, all) => isOurs(name) && all.some((other) => other.startsWith(`${name}.`)));
    expect(both).toEqual([]);
  });

  test("are not both a metric's and an attribute's", () => {
    expect(metrics().filter(({ name }) => registry.attributes.has(name))).toEqual([]);
  });
});

test("everything has words of ours, and one who emits it", () => {
  const rows = [...registry.spans, ...metrics(), ...events()];
  expect(rows.filter(({ brief, source }) => brief === "undefined" || source === "")).toEqual([]);
  expect(attributes().filter(({ brief }) => !/[.!`]$/.test(brief))).toEqual([]);
  expect(metrics().filter((one) => one.instrument === "histogram" && one.buckets === undefined)).toEqual([]);
  expect(registry.spans.filter(({ names }) => names.length === 0)).toEqual([]);
});

test("the events and their fields are those of the vocabulary", async () => {
  const text = await readFile(path.join(root, "services/_contracts/vocabulary.ts"), "utf8");
  const lines = [...text.matchAll(/^ {2}"([a-z.]+)": \{ (.*) \};$/gm)];
  const said = lines.map(([, name = "", fields = ""]) => {
    const names = fields.split(";").map((field) => field.split(":")[0]?.trim() ?? "");
    return [`baton.${name}`, names.map(attributeOfField).toSorted()];
  });
  expect(Object.fromEntries(said)).toEqual(
    Object.fromEntries(events().map(({ name, attributes }) => [name, [...attributes.keys()].toSorted()])),
  );
  expect(said.length).toBeGreaterThan(30);
  const placed: keyof Vocabulary = "order.placed";
  expect(registry.events.has(`baton.${placed}`)).toBe(true);
});

/** An id is one of what it is about; everything else is the event's own. */
const attributeOfField = (field: string): string => {
  const snake = field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return field.endsWith("Id") ? `baton.${snake.replace(/_id$/, ".id")}` : `baton.event.${snake}`;
};

describe("what is standard", () => {
  const STRENGTH: readonly Level[] = ["opt_in", "recommended", "conditionally_required", "required"];

  test("is required no less than upstream requires it", () => {
    const model = new Model();
    model.add(UPSTREAM, upstream);
    const rows = [...registry.spans, ...metrics()];
    const weaker = own.flatMap((group) => {
      if (group.extends === undefined) return [];
      const levels = rows.find(({ id }) => id === group.id)?.attributes ?? registry.resource;
      return [...model.attributesOf(group.extends)].flatMap(([name, { requirement }]) => {
        const level = levels.get(name) ?? "opt_in";
        return STRENGTH.indexOf(level) < STRENGTH.indexOf(levelOf(requirement))
          ? [`${group.id} ${name}`]
          : [];
      });
    });
    expect(weaker).toEqual([]);
  });

  test("has words of ours in one place, and is used", () => {
    const listed = own
      .find(({ id }) => id === "baton.standard")
      ?.attributes.map((use) => String("ref" in use && use.ref));
    expect(listed?.filter((name, n) => listed.indexOf(name) !== n)).toEqual([]);
    const used = new Set(
      [
        registry.resource,
        ...Object.values(registry.any),
        ...[...registry.spans, ...metrics()].map((row) => row.attributes),
      ].flatMap((levels) => [...levels.keys()]),
    );
    expect(listed?.filter((name) => !used.has(name))).toEqual([]);
  });

  test("is what was drawn: everything that our part refers to, and no more", () => {
    const wanted = wantedBy(own);
    expect(upstream.slice(1).map(({ id }) => id)).toEqual([...wanted.groups]);
    const drawn = upstream[0]?.attributes.map((use) => String("id" in use && use.id)) ?? [];
    const referred = new Set([
      ...wanted.attributes,
      ...upstream
        .slice(1)
        .flatMap(({ attributes }) => attributes.map((use) => String("ref" in use && use.ref))),
    ]);
    expect(drawn).toEqual([...referred].toSorted());
  });

  test("is of the release whose names are installed", async () => {
    const names = await namesOf(root);
    expect(registry.version).toBe(names.version);
    const standard = attributes().filter(({ upstream }) => upstream !== undefined);
    expect(standard.filter(({ name }) => !names.has(name) || names.renamed(name))).toEqual([]);
  });

  test("is not changed by our part: a kind, instrument or unit of our own for it is refused", () => {
    const changed = (file: string, from: string, to: string) => async () => {
      const text = await readFile(path.join(root, OWN, file), "utf8");
      expect(text).toContain(from);
      const model = new Model();
      model.add(UPSTREAM, upstream);
      const groups = readGroups(file, text.replace(from, to));
      for (const one of (await ownFiles()).filter((one) => path.basename(one.file) !== file))
        model.add(one.file, one.groups);
      model.add(file, groups);
      registryOf(model, groups, "");
    };
    return Promise.all([
      expect(
        changed(
          "metrics.yaml",
          'metric_name: v8js.gc.duration\n    instrument: histogram\n    unit: "s"',
          'metric_name: v8js.gc.duration\n    instrument: histogram\n    unit: "ms"',
        )(),
      ).rejects.toThrow("metric.baton.v8js.gc.duration: unit is ms, and s in metric.v8js.gc.duration"),
      expect(
        changed(
          "spans.yaml",
          "id: span.baton.edge\n    type: span\n    span_kind: server",
          "id: span.baton.edge\n    type: span\n    span_kind: client",
        )(),
      ).rejects.toThrow("span.baton.edge: span_kind is client, and server in span.http.server"),
    ]);
  });
});
