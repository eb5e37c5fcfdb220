import { expect, test } from "vitest";
import { withoutWarning } from "./sqlite.ts";

test("one warning is left out, all others are shown, also those that come later", () => {
  const { emitWarning } = process;
  const shown: string[] = [];
  const note = (...args: unknown[]): void => void shown.push(args.map(String).join(" "));
  process.emitWarning = note as typeof emitWarning;
  try {
    const result = withoutWarning("SQLite is", () => {
      process.emitWarning("SQLite is an experimental feature", "ExperimentalWarning");
      process.emitWarning("another one", "ExperimentalWarning");
      return "done";
    });
    expect(result).toBe("done");
    expect(() =>
      withoutWarning("SQLite is", () => {
        throw new Error("failed");
      }),
    ).toThrow("failed");
    process.emitWarning("SQLite is afterwards");
  } finally {
    process.emitWarning = emitWarning;
  }
  expect(shown).toEqual(["another one ExperimentalWarning", "SQLite is afterwards"]);
});
