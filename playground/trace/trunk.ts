/** The lines of the tree in front of each row. */

/** The stroke from the tree's line to a span, by the kind of edge. */
export const STROKES = { child: "─", link: "╌", both: "═", correlation: "≈", root: "" } as const;
export type Stroke = keyof typeof STROKES;

/** The mark in the column of a row's own level: a span's connector, or a line that goes past it. */
export type Joint = keyof typeof joints;
const joints = { root: "", middle: "├", last: "└", waiting: "┊", through: "│", none: " " } as const;

/** The levels above a row, without the root's, which draws no line. */
export interface Levels {
  readonly count: number;
  /** For the nearest of them, the outermost first, whether a line goes on past this row. */
  readonly nearest: readonly boolean[];
}

/** A row's place in the tree. */
export interface Place {
  readonly levels: Levels;
  /** The levels of its children. */
  readonly below: Levels;
  readonly isLast: boolean;
  readonly hasBelow: boolean;
}

/** So many levels keep their lines. All of them would take the square of a trace's depth in memory. */
const remembered = 64;

/** For rows in tree order, given as their depths (the root's is 0), their places. */
export function placesOf(depths: readonly number[]): readonly Place[] {
  const lasts = lastsOf(depths);
  const goesOn: boolean[] = [];
  return depths.map((depth, i) => {
    const isLast = lasts[i] ?? true;
    const level = Math.max(0, depth - 1);
    goesOn.length = level;
    const levels = { count: level, nearest: goesOn.slice(-remembered) };
    if (depth > 0) goesOn.push(!isLast);
    const below = { count: depth, nearest: goesOn.slice(-remembered) };
    return { levels, below, isLast, hasBelow: (depths[i + 1] ?? 0) > depth };
  });
}

/** For each row whether it is its parent's last child, read from the end. */
function lastsOf(depths: readonly number[]): readonly boolean[] {
  const followed: boolean[] = [];
  return depths
    .toReversed()
    .map((depth) => {
      const isLast = !followed[depth];
      followed.length = depth;
      followed[depth] = true;
      return isLast;
    })
    .reverse();
}

/** How a row is joined to the tree. */
export interface Branch {
  readonly levels: Levels;
  readonly joint: Joint;
  readonly stroke: Stroke;
}

/** The lines in front of a row, `step` columns a level; only the last levels where all take more than `most`. */
export function trunkOf({ levels, joint, stroke }: Branch, step: number, most: number): string {
  const kept = Math.min(levels.nearest.length, Math.max(0, Math.floor(most / step) - 1));
  const nearest = levels.nearest.slice(levels.nearest.length - kept);
  const lines = nearest.map((goesOn) => (goesOn ? "│" : " ").padEnd(step)).join("");
  const connector = stroke === "both" ? (joint === "last" ? "╘" : "╞") : joints[joint];
  return (levels.count > kept ? "⋯" : "") + lines + connector + STROKES[stroke];
}

/** How many columns all of a row's lines take. */
export const trunkWidth = ({ levels, joint, stroke }: Branch, step: number): number =>
  levels.count * step + joints[joint].length + STROKES[stroke].length;
