import { AppError } from "../_kit/process/errors.ts";

/**
 * `?fields=a,b`: which members of the answer a client wants; undefined for all. Fails with `malformed` for a name that
 * is not `known`: if it were ignored, a misspelt name would look like a member that is never there.
 */
export function fieldsFrom(
  query: string | undefined,
  known: readonly string[],
): readonly string[] | undefined {
  if (query === undefined) return undefined;
  const fields = query.split(",").map((field) => field.trim());
  const unknown = fields.find((field) => !known.includes(field));
  if (unknown === undefined) return fields;
  throw new AppError(
    "malformed",
    `fields: there is no ${JSON.stringify(unknown.slice(0, 64))}; there is ${known.join(", ")}`,
  );
}
