/** The rules on attributes: known, of the right type and value, and there when they must be. */
import type { AttributeRow, Levels, Registry } from "../../../telemetry/rows.ts";
import { CONDITIONS } from "./conditions.ts";
import type { Value } from "./emitted.ts";
import { FORMS, isOfItsCode } from "./values.ts";
import type { Finding, Item } from "./violation.ts";

/** What is wrong with the attributes of an item. `levels`: of its row; `any`: what may stand there beside. */
export function judgeAttributes(
  item: Item,
  registry: Registry,
  levels: Levels,
  any: Levels = new Map(),
): Finding[] {
  const found: Finding[] = [];
  for (const [name, value] of item.attributes) {
    const row = registry.attributes.get(name);
    if (row === undefined) {
      found.push({ rule: "unknown attribute", attribute: name, says: `${shown(value)} is in no row` });
    } else if (!levels.has(name) && !any.has(name)) {
      found.push({
        rule: "unknown attribute",
        attribute: name,
        says: `${shown(value)} does not belong here`,
      });
    } else found.push(...judgeValue(row, value, item));
  }
  if (!isOfItsCode(item)) {
    const says = `${shown(item.attributes.get("error.type"))} is not the status code`;
    found.push({ rule: "wrong value", attribute: "error.type", says });
  }
  return [...found, ...judgePresence(item, new Map([...any, ...levels]))];
}

const shown = (value: Value | undefined): string => JSON.stringify(value?.value).slice(0, 80);

function judgeValue(row: AttributeRow, value: Value, item: Item): Finding[] {
  const attribute = row.name;
  if (!isOfType(row.type, value)) {
    const says = `${shown(value)} is of type ${value.type}, not ${row.type}`;
    return [{ rule: "wrong type", attribute, says }];
  }
  if (row.values && !row.values.includes(value.value as string)) {
    return [{ rule: "wrong value", attribute, says: `${shown(value)} is none of ${row.values.join(", ")}` }];
  }
  const form = FORMS.get(attribute);
  if (form && !form.fits(String(value.value), item)) {
    return [{ rule: "wrong value", attribute, says: `${shown(value)} is not ${form.says}` }];
  }
  return [];
}

/** JavaScript has one type of number: a double that is whole leaves as an integer. */
function isOfType(type: string, { type: found, value }: Value): boolean {
  if (type === "any" || type === found) return true;
  if (type === "double") return found === "int";
  if (type === "double[]") return found === "int[]";
  return type.endsWith("[]") && Array.isArray(value) && value.length === 0;
}

function judgePresence(item: Item, levels: Levels): Finding[] {
  return [...levels].flatMap(([attribute, level]): Finding[] => {
    const isThere = item.attributes.has(attribute);
    const verdict =
      level === "required"
        ? "must"
        : level === "conditionally_required"
          ? (CONDITIONS.get(attribute)?.(item) ?? "may")
          : "may";
    if (verdict === "must" && !isThere)
      return [{ rule: "missing attribute", attribute, says: `it is ${level}` }];
    if (verdict === "must not" && isThere) {
      const says = `${shown(item.attributes.get(attribute))} is there without its condition`;
      return [{ rule: "attribute too many", attribute, says }];
    }
    return [];
  });
}
