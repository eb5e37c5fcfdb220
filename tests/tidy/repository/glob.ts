/** Patterns of paths, as in the tables of the rules and in the settings of tools. */

const ESCAPED = /[.+^${}()|[\]\\?]/g;

/** `*` stands for any part of a name, `**` for any number of folders. The result matches a whole path. */
export function glob(pattern: string): RegExp {
  const parts = pattern.split(/(\*\*\/|\*\*|\*)/).map((part) => {
    if (part === "**/") return "(?:[^/]+/)*";
    if (part === "**") return ".*";
    return part === "*" ? "[^/]*" : part.replace(ESCAPED, "\\$&");
  });
  return new RegExp(`^${parts.join("")}$`);
}
