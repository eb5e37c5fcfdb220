/** Blocks in files that people write: the text between a block's two marks is rendered, the rest is written by hand. */

/** A block's first line has `rendered: <name>` and any text after it; its last line has `end of rendered: <name>`. */
const BLOCK =
  /^(?<first>.*(?<!end of )\brendered: (?<name>[a-z-]+)\b.*\n)[\s\S]*?(?<last>^.*\bend of rendered: \k<name>\b.*$)/gm;

export interface Blocks {
  /** The file with each of its blocks rendered. */
  readonly text: string;
  /** The names of its blocks. */
  readonly names: readonly string[];
}

/** Renders the blocks of `text`. `render`: the lines of the block of this name, or undefined when there is none. */
export function withBlocks(
  file: string,
  text: string,
  render: (name: string) => readonly string[] | undefined,
): Blocks {
  const names: string[] = [];
  const rendered = text.replaceAll(BLOCK, (...match) => {
    const { first = "", name = "", last = "" } = match.at(-1) as Record<string, string>;
    const lines = render(name);
    if (lines === undefined) throw new Error(`${file} has a block "${name}" that nothing renders`);
    names.push(name);
    return `${first}${lines.map((line) => `${line}\n`).join("")}${last}`;
  });
  const marks = text.match(/\brendered: [a-z-]+/g)?.length ?? 0;
  if (marks !== 2 * names.length) {
    throw new Error(`${file} has a block without its end: its last line says "end of rendered: <name>"`);
  }
  return { text: rendered, names };
}
