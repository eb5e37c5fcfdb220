import { describe, expect, it } from "vitest";
import { commands } from "./cli.ts";
import { asksForHelp, type Command, helpOf, readArguments, typed } from "./command.ts";

const all = await Promise.all(
  Object.entries(commands).map(async ([name, load]) => [name, await load()] as [string, Command]),
);

/** The arguments of an example as a shell splits it, without variables in front and without `npm run <name>`. */
function argumentsOf(example: string, name: string): string[] {
  const words = example
    .trim()
    .split(/\s+/)
    .filter((word) => !/^[A-Z_]+=/.test(word));
  const start = typed(name).split(" ");
  expect(words.slice(0, start.length), example).toEqual(start);
  const rest = words.slice(start.length);
  // Without the `--` npm would keep the options for itself.
  if (rest.length > 0) expect(rest[0], example).toBe("--");
  return rest.map((word) => word.replace(/^<.*>$/, "x").replaceAll(/^['"]|['"]$/g, ""));
}

describe.each(all)("npm run %s", (name, command) => {
  it("has the name under which it is typed", () => {
    expect(command.name).toBe(name);
    expect(command.summary).toMatch(/^[A-Z].*\.$/s);
  });

  it("has help with an example and its exit statuses", () => {
    const help = helpOf(command);
    expect(help).toMatch(/\nExamples?:\n {2}\S/);
    expect(help).toMatch(/\nExit status:\n {2}0 +\S/);
    expect(asksForHelp(command, ["--help"]) && asksForHelp(command, ["--", "-h"])).toBe(true);
  });

  it("accepts its own examples", () => {
    for (const example of command.example.split("\n")) {
      expect(() => readArguments(command, argumentsOf(example, name)), example).not.toThrow();
    }
  });

  it("names each of its options in its help", () => {
    for (const option of Object.keys(command.options)) expect(helpOf(command)).toContain(`--${option}`);
  });
});

describe("help", () => {
  const passing = all.find(([, { passesOn }]) => passesOn)?.[1];

  it("is left to the other program when there are more arguments to pass on", () => {
    if (!passing) throw new Error("no command passes on");
    expect(asksForHelp(passing, ["--help", "x"])).toBe(false);
  });

  it("is not asked for by a --help after a second --", () => {
    const status = all.find(([name]) => name === "status")?.[1];
    if (!status) throw new Error("no status");
    expect(asksForHelp(status, ["--", "x", "--", "--help"])).toBe(false);
  });
});
