/** What is kept of upstream's model: names, types, values, levels, units, instruments, kinds; no sentence of it. */
import type { Group, Use } from "../form.ts";
import { type DefinedIn, levelOf, type Model } from "../model.ts";
import type { Names } from "./names.ts";

/** What our registry refers to and does not define. */
export interface Wanted {
  readonly groups: readonly string[];
  readonly attributes: readonly string[];
}

/** `groups`: of our registry. */
export function wantedBy(groups: readonly Group[]): Wanted {
  const own = new Set(groups.map(({ id }) => id));
  const defined = new Set(groups.flatMap(({ attributes }) => attributes.map(nameOf)).filter(Boolean));
  const refs = groups.flatMap(({ attributes }) =>
    attributes.flatMap((use) => ("ref" in use ? [String(use.ref)] : [])),
  );
  return {
    groups: sorted(groups.flatMap((one) => (one.extends && !own.has(one.extends) ? [one.extends] : []))),
    attributes: sorted(refs.filter((name) => !defined.has(name))),
  };
}

const nameOf = (use: Use): string => ("id" in use ? String(use.id) : "");
const sorted = (names: readonly unknown[]): string[] => [...new Set(names.map(String))].toSorted();

export interface Facts {
  /** In the same form as the registry. */
  readonly groups: readonly object[];
  /** What is called otherwise in the release than in the model that was drawn from. */
  readonly renamed: Readonly<Record<string, string>>;
}

/** Throws when the model, or the release, has not what is wanted. */
export function factsOf(
  model: Model,
  wanted: Wanted,
  names: Names,
  buckets: ReadonlyMap<string, readonly number[]>,
): Facts {
  const renamed = new Map<string, string>();
  const today = (name: string): string => {
    const now = names.renamed(name);
    if (now !== undefined) renamed.set(name, now);
    return now ?? name;
  };
  const before = (name: string): string =>
    [...model.attributes.keys()].find((old) => today(old) === name) ?? name;
  const used = new Set(wanted.attributes.map((name) => (model.attribute(name) ? name : before(name))));
  renamed.clear();
  const kept = wanted.groups.map((id) => {
    for (const { name } of model.attributesOf(id).values()) used.add(name);
    return groupOf(id, { model, today, names, buckets });
  });
  const attributes = [...used].toSorted().map((name) => attributeOf(name, today(name), model, names));
  return {
    groups: [{ id: "upstream.attributes", type: "attribute_group", attributes }, ...kept],
    renamed: Object.fromEntries(renamed),
  };
}

interface Drawing {
  readonly model: Model;
  readonly today: (name: string) => string;
  readonly names: Names;
  readonly buckets: ReadonlyMap<string, readonly number[]>;
}

function groupOf(id: string, { model, today, names, buckets }: Drawing): object {
  const { file, group } = model.group(id);
  const bounds = group.metric_name === undefined ? undefined : buckets.get(group.metric_name);
  const attributes = [...model.attributesOf(id).values()].map(({ name, requirement }) => {
    const level = levelOf(requirement);
    // The condition is a sentence of upstream's: where it stands is said by `source`, what it comes to by our code.
    const kept =
      level === "conditionally_required" ? { conditionally_required: "as the source says" } : level;
    return { ref: today(name), requirement_level: kept };
  });
  const { type, span_kind, metric_name, instrument, unit, name } = group;
  if (metric_name !== undefined && !names.has(metric_name)) {
    throw new Error(`${names.package} ${names.version} has no metric ${metric_name}, which the model has`);
  }
  const stability = names.isStable(metric_name ?? "") ? "stable" : group.stability;
  return {
    id,
    ...withoutUndefined({ type, span_kind, metric_name, instrument, unit, name, stability }),
    annotations: { source: file, ...(bounds && { buckets: bounds }) },
    attributes,
  };
}

function attributeOf(name: string, now: string, model: Model, names: Names): object {
  const defined = model.attribute(name);
  if (!defined) throw new Error(`upstream has no attribute ${name}`);
  const isTemplate = typeof defined.type === "string" && defined.type.startsWith("template[");
  if (!isTemplate && !names.has(now)) {
    throw new Error(`${names.package} ${names.version} has no attribute ${now}, which the model has`);
  }
  return {
    id: now,
    type: typeOf(now, defined, names),
    stability: names.isStable(now) ? "stable" : defined.stability,
    annotations: { source: defined.file },
  };
}

function typeOf(name: string, { type }: DefinedIn, names: Names): unknown {
  if (typeof type === "string") return type;
  const gone = new Set(type.members.filter(({ deprecated }) => deprecated).map(({ value }) => value));
  const current = type.members.filter(({ value }) => !gone.has(value));
  // A member that the release has and this model has not is taken over from there, and one that went is left out.
  const released = names.values(name).filter(({ value }) => !gone.has(value));
  if (released.length === 0) {
    return { members: current.map(({ id, value, stability }) => ({ id, value, stability })) };
  }
  return {
    members: released.map(({ value, isStable }) => {
      const known = current.find((member) => member.value === value);
      const stability = isStable ? "stable" : (known?.stability ?? "development");
      return { id: known?.id ?? String(value), value, stability };
    }),
  };
}

const withoutUndefined = (fields: Readonly<Record<string, unknown>>): object =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
