/** Patterns of paths, as the tables of the rules and the tools' own settings write them. */

const ESCAPED = /[.+^${}()|[\]\\?]/g;

/** `*` stands for any part of a name, `**` for any number of folders. The answer fits a whole path. */
export function glob(pattern: string): RegExp {
  const parts = pattern.split(/(\*\*\/|\*\*|\*)/).map((part) => {
    if (part === "**/") return "(?:[^/]+/)*";
    if (part === "**") return ".*";
    return part === "*" ? "[^/]*" : part.replace(ESCAPED, "\\$&");
  });
  return new RegExp(`^${parts.join("")}$`);
}
