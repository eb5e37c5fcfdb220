/** Wraps all prose of the repository that is too wide. Part of `npm run format`. */
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { wideProse } from "./prose/width.ts";
import { wrapped } from "./prose/wrap.ts";
import { readRepository } from "./repository/repository.ts";

const root = path.resolve(import.meta.dirname, "../..");
const repository = await readRepository(root);
for (const file of new Set(wideProse(repository).map((one) => one.file))) {
  const before = repository.text(file);
  const after = wrapped(file, before);
  if (after === before) continue;
  await writeFile(path.join(root, file), after);
  console.log(`wrapped ${file}`);
}
