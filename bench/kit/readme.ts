/** Puts the recorded tables between their marks in README.md; the paragraphs around them are written by hand. */
import type { Bench } from "./bench.ts";
import { machineText } from "./machine.ts";
import type { BenchRecord } from "./record.ts";
import { recordTables } from "./table.ts";

export const roundsText = (count: number): string => (count === 1 ? "1 round" : `${count} rounds`);

/** The text between the marks of one benchmark. */
const section = (bench: Bench, record: BenchRecord): string =>
  `${recordTables(bench, record)}\n\n${roundsText(record.rounds)} in ${Math.round(record.tookSeconds)} s on ${record.at.slice(0, 10)}: ${machineText(record.machine)}.`;

const marked = (name: string): RegExp => new RegExp(`(<!-- ${name} -->\n)[\\s\\S]*?(<!-- /${name} -->)`);

/** `text` with the record's tables in their place. Throws when README.md has no place for them. */
export function inReadme(text: string, bench: Bench, record: BenchRecord): string {
  const place = marked(bench.name);
  if (!place.test(text)) throw new Error(`README.md has no place for "${bench.name}"`);
  return text.replace(place, (_all, begin, end) => `${begin}${section(bench, record)}\n${end}`);
}
