/** Groups put together: what a group's `extends`, `ref` and `ref_group` come to. */
import type { Defined, Group, Requirement, Use } from "./form.ts";

/** An attribute as a group uses it. */
export interface Used {
  readonly name: string;
  readonly requirement: Requirement;
  /** The group's own words on it. */
  readonly brief?: string | undefined;
}

/** A group and the file that it stands in. */
export interface Placed {
  readonly file: string;
  readonly group: Group;
}

export interface DefinedIn extends Defined {
  readonly file: string;
}

/** Names and groups of one registry, or of several that refer to each other. */
export class Model {
  readonly #attributes = new Map<string, DefinedIn>();
  readonly #groups = new Map<string, Placed>();

  /** Adds the groups of a file. Throws when one of their ids, or an attribute, is there already. */
  add(file: string, groups: readonly Group[]): void {
    for (const group of groups) {
      const before = this.#groups.get(group.id);
      if (before) throw new Error(`${file}: the group ${group.id} stands in ${before.file}, too`);
      this.#groups.set(group.id, { file, group });
      for (const use of group.attributes) if ("id" in use && "type" in use) this.#define(file, use as never);
    }
  }

  #define(file: string, { id, ...defined }: Defined & { id: string }): void {
    const before = this.#attributes.get(id);
    if (before) throw new Error(`${file}: the attribute ${id} stands in ${before.file}, too`);
    this.#attributes.set(id, { ...defined, file });
  }

  /** Where an attribute of this name is defined. A template's names are its own followed by any key. */
  attribute(name: string): DefinedIn | undefined {
    const own = this.#attributes.get(name);
    if (own) return own;
    for (const [start, defined] of this.#attributes) {
      const isTemplate = typeof defined.type === "string" && defined.type.startsWith("template[");
      if (isTemplate && name.startsWith(`${start}.`)) return defined;
    }
    return undefined;
  }

  /** Every attribute that is defined. */
  get attributes(): ReadonlyMap<string, DefinedIn> {
    return this.#attributes;
  }

  get groups(): Iterable<Placed> {
    return this.#groups.values();
  }

  /** The group of this id. Throws when there is none. */
  group(id: string): Placed {
    const found = this.#groups.get(id);
    if (!found) throw new Error(`there is no group ${id}`);
    return found;
  }

  /** All attributes of a group: its own, and those of what it extends; what it says itself wins. */
  attributesOf(id: string): ReadonlyMap<string, Used> {
    const { file, group } = this.group(id);
    const used = new Map(group.extends === undefined ? [] : this.attributesOf(group.extends));
    for (const use of group.attributes) this.#use(use, used, `${file}: ${id}`);
    return used;
  }

  #use(use: Use, used: Map<string, Used>, where: string): void {
    if ("ref_group" in use) {
      for (const [name, one] of this.attributesOf(String(use.ref_group))) used.set(name, one);
      return;
    }
    const name = String("ref" in use ? use.ref : use.id);
    if (this.attribute(name) === undefined) throw new Error(`${where}: there is no attribute ${name}`);
    const before = used.get(name);
    const requirement = use.requirement_level as Requirement | undefined;
    used.set(name, {
      name,
      requirement: requirement ?? before?.requirement ?? "recommended",
      brief: typeof use.brief === "string" ? use.brief : before?.brief,
    });
  }
}

/** What a requirement comes to, without its condition. */
export function levelOf(requirement: Requirement) {
  if (typeof requirement === "string") return requirement;
  return "conditionally_required" in requirement ? "conditionally_required" : "recommended";
}
