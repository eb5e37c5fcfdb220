/** Files that import each other, even for a type only: neither can be read, moved or tested without the other. */
import type { Repository } from "../repository/repository.ts";
import type { Violation } from "../repository/violation.ts";

/** Each circle, with the line of the import that closes it. */
export function circles(repository: Repository): Violation[] {
  const imports = new Map(repository.sources.map((source) => [source.file, source.imports]));
  const done = new Set<string>();
  const found: Violation[] = [];
  const visit = (file: string, trail: readonly string[]): void => {
    for (const { target, line } of done.has(file) ? [] : (imports.get(file) ?? [])) {
      const way = [...trail, file];
      const at = way.indexOf(target);
      if (at < 0) visit(target, way);
      else
        found.push({
          file,
          line,
          what: `circular imports: ${[...way.slice(at), target].join(" -> ")}`,
          remedy: "move what both need into a file of its own",
        });
    }
    done.add(file);
  };
  for (const file of imports.keys()) visit(file, []);
  return found;
}
