/** Whether a path in a text exists, seen from the file of that text. */
import path from "node:path";
import { glob } from "../repository/glob.ts";
import type { Repository } from "../repository/repository.ts";

export interface Places {
  /** Whether the file or folder `written` exists from the folder of `file`, from the root, or as the end of a path. */
  leads(file: string, written: string): boolean;
  /** Whether any folder has a file of this name. */
  isName(name: string): boolean;
  /** Whether this is the name of a folder at the root. */
  isTop(name: string): boolean;
}

/** `*` and `<name>` stand for any name. */
export function placesOf({ files }: Repository): Places {
  const folders = new Set<string>();
  for (const file of files)
    for (let at = path.posix.dirname(file); at !== "."; at = path.posix.dirname(at)) folders.add(at);
  const all = [...files, ...folders];
  const known = new Set(all);
  const ends = new Set(all.flatMap((one) => one.split("/").map((_, i, parts) => parts.slice(i).join("/"))));
  const names = new Set(files.map((file) => path.posix.basename(file)));
  return {
    leads(file, written) {
      const plain = written.replace(/\/$/, "").replace(/<[^>]*>/g, "*");
      const fromRoot = path.posix.normalize(plain);
      const near = path.posix.join(path.posix.dirname(file), plain);
      if (!plain.includes("*")) return known.has(near) || ends.has(fromRoot);
      const fits = [near, fromRoot, `**/${fromRoot}`].map(glob);
      return all.some((one) => fits.some((fit) => fit.test(one)));
    },
    isName: (name) => names.has(name),
    isTop: (name) => folders.has(name) && !name.includes("/"),
  };
}
