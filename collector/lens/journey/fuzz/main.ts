/** `npm run fuzz -- [forests [first seed]]`: holds a million random forests of spans against the rules of journeys. */
import { holdForest } from "./forest-rules.ts";

const [forests = 1_000_000, first = 1] = process.argv.slice(2).map(Number);
if (!Number.isInteger(forests) || !Number.isInteger(first) || forests < 1 || first < 0) {
  console.error("usage: npm run fuzz -- [forests [first seed]]");
  process.exit(2);
}
const wrong: string[] = [];
const startedAt = performance.now();
for (let n = 0; n < forests && wrong.length < 10; n++) {
  const seed = first + n;
  try {
    holdForest(seed);
  } catch (error) {
    wrong.push(`seed ${seed}: ${error instanceof Error ? error.message : error}`);
    console.error(wrong.at(-1));
  }
  if (n % 10_000 === 9_999) console.error(`${n + 1} forests, ${wrong.length} wrong`);
}
const seconds = (performance.now() - startedAt) / 1e3;
console.log(`seeds ${first} to ${first + forests - 1}: ${wrong.length} wrong, ${seconds.toFixed(0)} s`);
process.exitCode = wrong.length > 0 ? 1 : 0;
