/**
 * Draws upstream's facts anew: what our registry refers to, from a version of OpenTelemetry's own model.
 *
 *   npm run registry -- <checkout, git directory or tarball> [tag or commit]
 *
 * A checkout: `git clone --depth 1 --branch v1.45.0 https://github.com/open-telemetry/semantic-conventions`; a tarball:
 * the release's on GitHub. The names are those of the npm package `@opentelemetry/semantic-conventions` that is
 * installed.
 */
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { Document, isMap, isSeq, visit } from "yaml";
import { bucketsIn } from "./draw/buckets.ts";
import { factsOf, wantedBy } from "./draw/facts.ts";
import { namesOf } from "./draw/names.ts";
import { openSource, type Source } from "./draw/source.ts";
import { ownFiles, root, UPSTREAM } from "./files.ts";
import { readGroups } from "./form.ts";
import { Model } from "./model.ts";
import { readRegistry } from "./registry.ts";

const LICENCE = `# Facts drawn from OpenTelemetry's semantic conventions: names, types, values, stability, requirement levels, units,
# instruments, buckets and kinds. No sentence of theirs is among them.
#
# Copyright The OpenTelemetry Authors
# Licensed under the Apache License, Version 2.0: https://www.apache.org/licenses/LICENSE-2.0
#
# Written by telemetry/draw.ts, which says how to draw it anew. Not to be edited.
`;

/** The text of the file with upstream's facts. */
async function drawn(place: string, revision?: string): Promise<string> {
  const source = await openSource(place, revision);
  try {
    const names = await namesOf(root);
    const own = (await ownFiles()).flatMap(({ groups }) => groups);
    const facts = factsOf(await modelOf(source), wantedBy(own), names, await bucketsOf(source));
    const version = {
      version: names.version,
      model: `open-telemetry/semantic-conventions, ${source.version}`,
      names: `${names.package} ${names.version}`,
      renamed: facts.renamed,
    };
    const data = { annotations: version, groups: facts.groups };
    return LICENCE + textOf(data);
  } finally {
    await source.close();
  }
}

/** As YAML, with a line for each attribute. */
function textOf(data: object): string {
  const document = new Document(data, { aliasDuplicateObjects: false });
  visit(document, {
    Pair(_, { key, value }) {
      const name = String(key);
      if (name === "attributes" && isSeq(value))
        for (const one of value.items) if (isMap(one)) one.flow = true;
      if (name === "buckets" && isSeq(value)) value.flow = true;
    },
  });
  return document.toString({ lineWidth: 0 });
}

async function modelOf(source: Source): Promise<Model> {
  const model = new Model();
  for (const file of await source.files("model", ".yaml")) {
    if (path.basename(file) === "manifest.yaml") continue;
    model.add(file, readGroups(file, await source.read(file)));
  }
  return model;
}

async function bucketsOf(source: Source): Promise<ReadonlyMap<string, readonly number[]>> {
  const found = new Map<string, readonly number[]>();
  for (const file of await source.files("docs", "-metrics.md")) {
    for (const [metric, bounds] of bucketsIn(await source.read(file))) found.set(metric, bounds);
  }
  return found;
}

const USAGE = `npm run registry -- <checkout, git directory or tarball of the conventions> [tag or commit]`;

if (import.meta.main) {
  const [place, revision] = process.argv.slice(2);
  if (place === undefined) {
    console.error(USAGE);
    process.exit(2);
  }
  await writeFile(path.join(root, UPSTREAM), await drawn(place, revision));
  const { version, attributes, spans, metrics } = await readRegistry();
  console.log(
    `drawn ${UPSTREAM}: the registry has ${attributes.size} attributes, ${spans.length} spans and ${metrics.size} metrics, ` +
      `by the conventions ${version}`,
  );
}
