import { describe, expect, it } from "vitest";
import { type Branch, placesOf, trunkOf, trunkWidth } from "./trunk.ts";

const draw = (depths: readonly number[], step: number, most = 99): string[] =>
  placesOf(depths).map(({ levels, isLast }, i) => {
    const joint = depths[i] === 0 ? "root" : isLast ? "last" : "middle";
    return trunkOf({ levels, joint, stroke: joint === "root" ? "root" : "child" }, step, most);
  });

describe("the tree's lines", () => {
  it("go on past the children of an earlier sibling, and end at the last", () => {
    expect(draw([0, 1, 2, 2, 1, 2], 2)).toEqual(["", "├─", "│ ├─", "│ └─", "└─", "  └─"]);
    expect(draw([0, 1, 2, 1], 1)).toEqual(["", "├─", "│└─", "└─"]);
  });

  it("show a link, and a child that is also linked, by their stroke", () => {
    const [place] = placesOf([1]);
    const branch = (more: Partial<Branch>): Branch => ({
      levels: place?.levels ?? { count: 0, nearest: [] },
      joint: "middle",
      stroke: "link",
      ...more,
    });
    const drawn = [branch({}), branch({ stroke: "both" }), branch({ stroke: "both", joint: "last" })];
    expect(drawn.map((one) => trunkOf(one, 2, 9))).toEqual(["├╌", "╞═", "╘═"]);
  });

  it("keep only the nearest levels of a deep tree, and say so", () => {
    const depths = Array.from({ length: 500 }, (_, depth) => depth);
    const deepest = draw(depths, 2, 12).at(-1);
    expect(deepest).toBe(`⋯${" ".repeat(10)}└─`);
    const place = placesOf(depths).at(-1);
    expect(place && trunkWidth({ ...place, joint: "last", stroke: "child" }, 2)).toBe(2 * 498 + 2);
  });
});
