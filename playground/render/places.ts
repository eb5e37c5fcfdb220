/** The lines of code that a newcomer looks for first, found by their text, so that the documents stay right. */
import { readFileSync } from "node:fs";
import path from "node:path";

const root = path.resolve(import.meta.dirname, "../..");

const PLACES: readonly { readonly question: string; readonly file: string; readonly line: string }[] = [
  {
    question: "A card is declined",
    file: "services/payments/charge.ts",
    line: 'throw new AppError("precondition_failed", "the card was declined"',
  },
  {
    question: "A link is chosen over a parent; the next line has both, the default",
    file: "services/_kit/telemetry/propagation.ts",
    line: 'mode === "link") return { parent: "none", link: true };',
  },
  {
    question: "A scenario is added: its file beside this one, and its line here",
    file: "load/scenarios/index.ts",
    line: "export const scenarios",
  },
  {
    question: "A broker is chosen; another is a folder beside `events/nats/` and a line here",
    file: "services/_kit/service/broker.ts",
    line: '"nats:": () => import(',
  },
];

/** A line of Markdown for each. Throws unless each is exactly once in its file. */
export function placeList(): string[] {
  return PLACES.map(({ question, file, line }) => {
    const lines = readFileSync(path.join(root, file), "utf8").split("\n");
    const found = lines.flatMap((text, i) => (text.includes(line) ? [i + 1] : []));
    if (found.length !== 1)
      throw new Error(`${file} has ${found.length} lines with ${line}: correct ${import.meta.filename}`);
    return `- ${question}: \`${file}:${found[0]}\`.`;
  });
}
