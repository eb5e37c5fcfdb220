import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { root } from "../files.ts";
import { type Group, readGroups } from "../form.ts";
import { Model } from "../model.ts";
import { bucketsIn } from "./buckets.ts";
import { factsOf, wantedBy } from "./facts.ts";
import { type Names, namesOf } from "./names.ts";
import { openSource } from "./source.ts";

const OLDER = `
groups:
  - id: registry.shop
    type: attribute_group
    brief: A sentence of theirs.
    attributes:
      - id: shop.system
        type:
          members:
            - { id: till, value: till, brief: A till., stability: stable }
            - { id: old, value: old, deprecated: { reason: obsoleted }, stability: experimental }
        stability: development
        brief: A sentence of theirs.
      - { id: shop.size, type: int, stability: stable, brief: A sentence of theirs. }
  - id: base
    type: attribute_group
    brief: A sentence of theirs.
    attributes:
      - ref: shop.system
        requirement_level: required
      - ref: shop.size
        requirement_level: { conditionally_required: If the sun shines. }
  - id: metric.shop.time
    type: metric
    metric_name: shop.time
    instrument: histogram
    unit: s
    stability: development
    brief: A sentence of theirs.
    extends: base
    attributes:
      - ref: shop.size
        requirement_level: opt_in
`;

const NEWER = `
file_format: definition/2
attribute_groups:
  - id: shop.common
    visibility: internal
    attributes:
      - ref: shop.system
        requirement_level: required
spans:
  - type: shop.buy.client
    kind: client
    stability: development
    brief: A sentence of theirs.
    name: { note: A sentence of theirs. }
    attributes:
      - ref_group: shop.common
      - ref: shop.system
        sampling_relevant: true
      - ref: shop.size
`;

const names: Names = {
  version: "9.9.9",
  package: "names",
  has: (name) => name.startsWith("shop."),
  isStable: (name) => name === "shop.time",
  renamed: (name) => (name === "shop.system" ? "shop.system.name" : undefined),
  values: (name) =>
    name === "shop.system.name"
      ? ["till", "cart", "old"].map((value) => ({ value, isStable: value === "cart" }))
      : [],
};

const modelOf = (...texts: string[]): Model => {
  const model = new Model();
  for (const [n, text] of texts.entries()) model.add(`model/${n}.yaml`, readGroups(`model/${n}.yaml`, text));
  return model;
};

const own = (text: string): Group[] => readGroups("own.yaml", text);
const wanting = own(`
groups:
  - id: span.mine
    type: span
    span_kind: client
    extends: span.shop.buy.client
    attributes:
      - { ref: shop.system.name, brief: ours }
      - { ref: mine.id }
  - id: metric.mine
    type: metric
    extends: metric.shop.time
  - id: mine
    type: attribute_group
    attributes:
      - { id: mine.id, type: string, brief: ours }
`);

test("what is wanted is what our groups refer to and do not define", () => {
  expect(wantedBy(wanting)).toEqual({
    groups: ["metric.shop.time", "span.shop.buy.client"],
    attributes: ["shop.system.name"],
  });
});

describe("the facts", () => {
  const facts = factsOf(modelOf(OLDER, NEWER), wantedBy(wanting), names, new Map([["shop.time", [1, 2]]]));

  test("are types, values, levels, kinds, units and buckets, of both forms, by the names of the release", () => {
    expect(facts).toEqual({
      renamed: { "shop.system": "shop.system.name" },
      groups: [
        {
          id: "upstream.attributes",
          type: "attribute_group",
          attributes: [
            {
              id: "shop.size",
              type: "int",
              stability: "stable",
              annotations: { source: "model/0.yaml" },
            },
            {
              id: "shop.system.name",
              type: {
                members: [
                  { id: "till", value: "till", stability: "stable" },
                  { id: "cart", value: "cart", stability: "stable" },
                ],
              },
              stability: "development",
              annotations: { source: "model/0.yaml" },
            },
          ],
        },
        {
          id: "metric.shop.time",
          type: "metric",
          metric_name: "shop.time",
          instrument: "histogram",
          unit: "s",
          stability: "stable",
          annotations: { source: "model/0.yaml", buckets: [1, 2] },
          attributes: [
            { ref: "shop.system.name", requirement_level: "required" },
            { ref: "shop.size", requirement_level: "opt_in" },
          ],
        },
        {
          id: "span.shop.buy.client",
          type: "span",
          span_kind: "client",
          stability: "development",
          annotations: { source: "model/1.yaml" },
          attributes: [
            { ref: "shop.system.name", requirement_level: "required" },
            { ref: "shop.size", requirement_level: "recommended" },
          ],
        },
      ],
    });
  });

  test("have no sentence of upstream's, neither a brief nor a condition", () => {
    expect(JSON.stringify(facts)).not.toMatch(/sentence|sun/);
    const levels = factsOf(modelOf(OLDER), { groups: ["base"], attributes: [] }, names, new Map()).groups[1];
    expect(JSON.stringify(levels)).toContain('{"conditionally_required":"as the source says"}');
  });

  test("are refused when the model or the release has not what is wanted", () => {
    const drawing = (groups: string[], attributes: string[], known = names) =>
      factsOf(modelOf(OLDER), { groups, attributes }, known, new Map());
    expect(() => drawing(["span.nothing"], [])).toThrow("there is no group span.nothing");
    expect(() => drawing([], ["shop.nothing"])).toThrow("upstream has no attribute shop.nothing");
    expect(() => drawing(["metric.shop.time"], [], { ...names, has: () => false })).toThrow(
      "names 9.9.9 has no metric shop.time",
    );
    expect(() => drawing([], ["shop.size"], { ...names, has: () => false })).toThrow(
      "names 9.9.9 has no attribute shop.size",
    );
  });
});

test("a file that is no registry is named, with what is wrong in it", () => {
  expect(() => readGroups("odd.yaml", "groups:\n  - id: a\n    type: spam\n")).toThrow(/^odd\.yaml: /);
  expect(() => modelOf(OLDER, OLDER)).toThrow(
    "model/1.yaml: the group registry.shop stands in model/0.yaml, too",
  );
  const dangling = modelOf(
    "groups:\n  - id: a\n    type: attribute_group\n    attributes: [{ ref: no.such }]\n",
  );
  expect(() => dangling.attributesOf("a")).toThrow("model/0.yaml: a: there is no attribute no.such");
});

test("bounds of buckets are read from the documents, each under the heading of its metric", () => {
  const link = "[`ExplicitBucketBoundaries` advisory parameter](https://example.test)";
  const document = [
    "### Metric: `shop.time`",
    `This metric SHOULD be specified with ${link} of \`[ 0.005, 1, 7.5 ]\`.`,
    "### Metric: `shop.call`",
    "This metric SHOULD be specified with\n[`ExplicitBucketBoundaries`](https://example.test)\nof `[ 1, 2 ]`.",
    "### Metric: `shop.size`",
    "This metric is opt-in.",
    "### Metric: `shop.all`",
    `This metric SHOULD be specified with ${link} with a single bucket with no boundaries.`,
  ].join("\n");
  expect([...bucketsIn(document)]).toEqual([
    ["shop.time", [0.005, 1, 7.5]],
    ["shop.call", [1, 2]],
    ["shop.all", []],
  ]);
  const odd = document.replace("with a single bucket with no boundaries", "of your choice");
  expect(() => bucketsIn(odd)).toThrow("the buckets of shop.all are not said as elsewhere");
});

test("the names are those of the package that is installed", async () => {
  const installed = await namesOf(root);
  expect(installed.renamed("messaging.system")).toBe("messaging.system.name");
  expect(installed.renamed("http.route")).toBeUndefined();
  expect([installed.has("http.route"), installed.has("http.rout")]).toEqual([true, false]);
  expect([installed.isStable("http.route"), installed.isStable("messaging.system.name")]).toEqual([
    true,
    false,
  ]);
  expect(installed.values("network.transport").map(({ value }) => value)).toContain("tcp");
});

describe("a checkout", () => {
  const run = promisify(execFile);
  let place: string;
  beforeAll(async () => {
    place = await mkdtemp(path.join(os.tmpdir(), "baton-draw-"));
    const checkout = path.join(place, "conventions-1.2.3");
    for (const [file, text] of Object.entries({
      "model/shop/a.yaml": OLDER,
      "docs/shop-metrics.md": "# A",
    })) {
      await mkdir(path.dirname(path.join(checkout, file)), { recursive: true });
      await writeFile(path.join(checkout, file), text);
    }
    const git = (...args: string[]) =>
      run("git", ["-c", "user.name=a", "-c", "user.email=a@example.test", ...args], { cwd: checkout });
    await git("init", "-q");
    await git("add", ".");
    await git("commit", "-q", "-m", "a");
    await git("tag", "v1.2.3");
    await run("git", ["clone", "-q", "--bare", checkout, path.join(place, "bare")]);
    await run("tar", ["-czf", path.join(place, "v1.2.3.tar.gz"), "-C", place, "conventions-1.2.3"]);
  });
  afterAll(() => rm(place, { recursive: true }));

  test.each([
    ["a folder", "conventions-1.2.3", "v1.2.3"],
    ["a git directory", "bare", "v1.2.3"],
    ["a release's tarball", "v1.2.3.tar.gz", "v1.2.3.tar.gz"],
  ])("may be %s", async (_, name, version) => {
    const source = await openSource(path.join(place, name));
    expect(source.version).toBe(version);
    expect(await source.files("model", ".yaml")).toEqual(["model/shop/a.yaml"]);
    expect(await source.read("model/shop/a.yaml")).toBe(OLDER);
    await source.close();
  });

  test("that is none is named", async () => {
    await expect(openSource(path.join(place, "bare"), "v9")).rejects.toThrow(/nor a git directory with v9/);
  });
});
