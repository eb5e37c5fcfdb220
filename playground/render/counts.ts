/** Counts of services in sentences. */

const WORDS = [
  "no",
  "one",
  "two",
  "three",
  "four",
  "five",
  "six",
  "seven",
  "eight",
  "nine",
  "ten",
  "eleven",
  "twelve",
];
/** Smaller numbers may count only some of the services: "two services of which one is down". */
const FROM = 5;
const NUMBER = `${WORDS.slice(FROM).join("|")}|[5-9]|1[0-9]`;
/** With at most two words between, as in "small TypeScript services". */
const counting = (what: string): RegExp => new RegExp(`\\b(${NUMBER})((?: [A-Za-z]+){0,2} ${what})\\b`, "gi");
const SERVICES = counting("services");
const PROCESSES = counting("(?:services|processes)");

/** `count` for a sentence: in letters up to twelve. */
export const countWord = (count: number): string => WORDS[count] ?? String(count);

/** `text` with every count of services set to `count`. Fenced blocks quote output, so they stay as they are. */
export function withCounts(text: string, count: number): string {
  return text
    .split(/(^```[\s\S]*?^```)/m)
    .map((part, i) =>
      i % 2 === 1 ? part : part.replaceAll(SERVICES, (_, __, rest: string) => countWord(count) + rest),
    )
    .join("");
}

/** The lines of `text` that count the services or their processes, each with its number, from 1. */
export function countedLines(text: string): { readonly line: number; readonly says: string }[] {
  return text.split("\n").flatMap((content, i) => {
    const found = content.match(PROCESSES);
    return (found ?? []).map((says) => ({ line: i + 1, says }));
  });
}
