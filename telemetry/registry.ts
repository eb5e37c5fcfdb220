/** Reads the registry: our own part, put together with what is drawn from upstream. */
import { readFile } from "node:fs/promises";
import path from "node:path";
import { parse } from "yaml";
import * as z from "zod";
import { ownFiles, readFileOf, root, UPSTREAM } from "./files.ts";
import type { Group, Use } from "./form.ts";
import { levelOf, Model } from "./model.ts";
import type { AttributeRow, EventRow, Levels, MetricRow, Registry, SpanRow } from "./rows.ts";

const scalar = z.union([z.string(), z.number(), z.boolean()]);

/** What our groups and attributes say beside the form: see the comments at the top of the files. */
const annotations = z
  .object({
    code: z.string().optional(),
    members: z.string().optional(),
    values: z.array(scalar).optional(),
    open: z.boolean().optional(),
    source: z.string().optional(),
    match: z.record(z.string(), z.string()).optional(),
    names: z.array(z.string()).optional(),
    setting: z.string().optional(),
    buckets: z.array(z.number()).optional(),
    applies_to: z.enum(["span", "log", "link"]).optional(),
  })
  .default({});

const drawn = z.looseObject({ annotations: z.looseObject({ version: z.string() }) });

/** Throws an Error that names what is wrong: a name that neither part has, or a fact that is not upstream's. */
export async function readRegistry(): Promise<Registry> {
  const [own, upstream] = await Promise.all([ownFiles(), readFileOf(UPSTREAM)]);
  const { version } = drawn.parse(parse(await readFile(path.join(root, UPSTREAM), "utf8"))).annotations;
  const model = new Model();
  for (const { file, groups } of [upstream, ...own]) model.add(file, groups);
  return registryOf(
    model,
    own.flatMap(({ groups }) => groups),
    version,
  );
}

/** `groups`: our own, of those in the model. */
export function registryOf(model: Model, groups: readonly Group[], version: string): Registry {
  const reader = new Reader(model);
  const of = (type: Group["type"]) => groups.filter((group) => group.type === type);
  const applied = (what: "span" | "log" | "link"): Levels => {
    const ids = of("attribute_group").filter(
      (group) => annotations.parse(group.annotations).applies_to === what,
    );
    return new Map(ids.flatMap(({ id }) => [...reader.levels(id)]));
  };
  return {
    version,
    attributes: new Map(groups.flatMap((group) => reader.attributes(group)).map((row) => [row.name, row])),
    spans: of("span").map((group) => reader.span(group)),
    metrics: new Map(of("metric").map((group) => [group.metric_name ?? "", reader.metric(group)])),
    events: new Map(of("event").map((group) => [group.name ?? "", reader.event(group)])),
    resource: new Map(of("entity").flatMap(({ id }) => [...reader.levels(id)])),
    any: { span: applied("span"), log: applied("log"), link: applied("link") },
  };
}

class Reader {
  readonly #model: Model;

  constructor(model: Model) {
    this.#model = model;
  }

  levels(id: string): Levels {
    return new Map(
      [...this.#model.attributesOf(id)].map(([name, { requirement }]) => [name, levelOf(requirement)]),
    );
  }

  /** Those that a group defines, and the standard ones that it has words on. */
  attributes(group: Group): AttributeRow[] {
    return group.attributes.flatMap((use) => {
      const name = String("ref" in use ? use.ref : use.id);
      return typeof use.brief === "string" ? [this.#attribute(name, use)] : [];
    });
  }

  #attribute(name: string, use: Use): AttributeRow {
    const defined = this.#model.attribute(name);
    if (!defined) throw new Error(`there is no attribute ${name}`);
    const { type, stability = "development" } = defined;
    const said = annotations.parse(use.annotations);
    const members = typeof type === "string" ? [] : type.members;
    const [first] = members;
    const isOpen = typeof type === "string" || said.open === true;
    return {
      name,
      type: typeof type === "string" ? type.replace(/^template\[(.*)\]$/, "$1") : typeNameOf(first?.value),
      values: said.values ?? (isOpen ? undefined : members.map(({ value }) => value)),
      members: Object.fromEntries(members.map(({ id, value }) => [id, value])),
      briefs: Object.fromEntries(members.flatMap(({ id, brief }) => (brief ? [[id, brief]] : []))),
      stability,
      brief: String(use.brief),
      upstream: upstreamOf(defined.file, defined.annotations),
      code: said.code,
      codeOfMembers: said.members,
    };
  }

  #row(group: Group) {
    const { source = "services" } = annotations.parse(group.annotations);
    const base = group.extends === undefined ? undefined : this.#model.group(group.extends);
    return {
      id: group.id,
      brief: String(group.brief),
      stability: group.stability ?? "development",
      source,
      upstream: base && upstreamOf(base.file, base.group.annotations),
      attributes: this.levels(group.id),
    };
  }

  span(group: Group): SpanRow {
    const { match = {}, names = [], setting } = annotations.parse(group.annotations);
    const kind = group.span_kind ?? "internal";
    this.#held(group, "span_kind");
    return { ...this.#row(group), kind: kind.toUpperCase(), match, names, setting };
  }

  metric(group: Group): MetricRow {
    const { buckets, code } = annotations.parse(group.annotations);
    const base = group.extends === undefined ? undefined : this.#model.group(group.extends).group;
    const standard =
      base && z.looseObject({ buckets: z.array(z.number()).optional() }).parse(base.annotations);
    for (const fact of ["metric_name", "instrument", "unit"] as const) this.#held(group, fact);
    return {
      ...this.#row(group),
      name: group.metric_name ?? "",
      instrument: group.instrument ?? "gauge",
      unit: group.unit ?? "",
      buckets: standard ? standard.buckets : buckets,
      code,
    };
  }

  event(group: Group): EventRow {
    return { ...this.#row(group), name: group.name ?? "" };
  }

  /** Throws when a fact that our part says once more is not upstream's. */
  #held(group: Group, fact: "span_kind" | "metric_name" | "instrument" | "unit"): void {
    if (group.extends === undefined) return;
    const standard = this.#model.group(group.extends).group[fact];
    if (standard === undefined || standard === group[fact]) return;
    throw new Error(`${group.id}: ${fact} is ${group[fact]}, and ${standard} in ${group.extends}`);
  }
}

const typeNameOf = (value: unknown): string => (typeof value === "number" ? "int" : typeof value);

/** The file of upstream's model; undefined when it is ours. */
function upstreamOf(file: string, said: Readonly<Record<string, unknown>> | undefined): string | undefined {
  return file === UPSTREAM ? String(said?.source) : undefined;
}
