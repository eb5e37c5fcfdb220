/** The rules on resources and scopes, which many items share. */
import type { Registry } from "../../../telemetry/rows.ts";
import { judgeAttributes } from "./attributes.ts";
import type { Origin } from "./emitted.ts";
import { type Finding, type Violation, violationsOf } from "./violation.ts";

export function judgeResource(origin: Origin, registry: Registry): Violation[] {
  const item = { id: "resource", attributes: origin.resource };
  return violationsOf("resource", origin, "resource", judgeAttributes(item, registry, registry.resource));
}

/** Where the conventions of a version are told apart from those before. */
export const schemaUrlOf = ({ version }: Pick<Registry, "version">): string =>
  `https://opentelemetry.io/schemas/${version}`;

const isLibrary = (name: string): boolean => name.startsWith("@opentelemetry/");

export function judgeScope(origin: Origin, registry: Registry): Violation[] {
  const { name, version, schemaUrl, attributes } = origin.scope;
  const found: Finding[] = [];
  const wrong = (says: string) => found.push({ rule: "wrong scope", says });
  if (name === "") wrong("it has no name");
  if (version === "") wrong("it has no version");
  // A library's is the library's to say.
  if (!isLibrary(name) && schemaUrl !== schemaUrlOf(registry)) wrong(`its schema is "${schemaUrl}"`);
  for (const attribute of attributes.keys())
    found.push({ rule: "unknown attribute", attribute, says: "a scope has none" });
  return violationsOf("scope", origin, name, found);
}
