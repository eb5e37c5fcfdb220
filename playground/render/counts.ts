/** How many services there are, wherever a sentence says so. */

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
/** Fewer than all is said of some of them: "two services of which one is down". */
const FROM = 5;
const NUMBER = `${WORDS.slice(FROM).join("|")}|[5-9]|1[0-9]`;
/** With at most two words between, as in "small TypeScript services". */
const counting = (what: string): RegExp => new RegExp(`\\b(${NUMBER})((?: [A-Za-z]+){0,2} ${what})\\b`, "gi");
const SERVICES = counting("services");
const PROCESSES = counting("(?:services|processes)");

/** `count` as a sentence has it: in letters up to twelve. */
export const countWord = (count: number): string => WORDS[count] ?? String(count);

/** `text` with every count of services set to `count`. What stands in a fenced block is somebody's output, and stays. */
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
