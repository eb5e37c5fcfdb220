/** The examples of docs/your-app.md, copied from the files that tests run. */
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";

const FOLDER = path.resolve(import.meta.dirname, "../../docs/examples");

/** The renderer of each example, by name: `example-nats` for docs/examples/nats.ts. */
export const exampleBlocks: Readonly<Record<string, () => readonly string[]>> = Object.fromEntries(
  readdirSync(FOLDER)
    .filter((file) => file.endsWith(".ts"))
    .map((file) => [
      `example-${path.basename(file, ".ts")}`,
      () => ["```ts", ...readFileSync(path.join(FOLDER, file), "utf8").trimEnd().split("\n"), "```"],
    ]),
);
