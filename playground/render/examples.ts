/** The examples of docs/your-app.md, which tests run: the document has each as its file has it. */
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";

const FOLDER = path.resolve(import.meta.dirname, "../../docs/examples");

/** By name, `example-nats` for docs/examples/nats.ts, what renders it. */
export const exampleBlocks: Readonly<Record<string, () => readonly string[]>> = Object.fromEntries(
  readdirSync(FOLDER)
    .filter((file) => file.endsWith(".ts"))
    .map((file) => [
      `example-${path.basename(file, ".ts")}`,
      () => ["```ts", ...readFileSync(path.join(FOLDER, file), "utf8").trimEnd().split("\n"), "```"],
    ]),
);
