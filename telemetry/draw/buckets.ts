/**
 * Bounds of histograms' buckets. The model has no place for them: they stand in the documents, in one sentence below
 * the heading of their metric.
 */

const HEADING = /^#+ Metric: `([a-z0-9_.]+)`/gm;
/** The sentence is about the metric, and stands before its table. */
const SENTENCE = /This metric SHOULD be specified with[\s\S]*?(?:\.\n|\.$)/i;

/** `document`: Markdown. Answers the bounds by the name of the metric; none for one bucket that takes all. */
export function bucketsIn(document: string): ReadonlyMap<string, readonly number[]> {
  const found = new Map<string, readonly number[]>();
  const [, ...parts] = document.split(HEADING);
  for (let at = 0; at + 1 < parts.length; at += 2) {
    const [metric = "", section = ""] = [parts[at], parts[at + 1]];
    const sentence = SENTENCE.exec(section)?.[0] ?? "";
    if (!sentence.includes("ExplicitBucketBoundaries")) continue;
    const bounds = /`\[([^\]`]*)\]`/.exec(sentence)?.[1];
    if (bounds !== undefined) found.set(metric, bounds.split(",").map(Number));
    else if (sentence.includes("single bucket with no boundaries")) found.set(metric, []);
    else throw new Error(`the buckets of ${metric} are not said as elsewhere: ${sentence}`);
  }
  return found;
}
