import { describe, expect, it } from "vitest";
import { type Command, helpOf, readArguments, wholeNumber } from "./command.ts";

const command: Command = {
  name: "checkout",
  summary: "Sends one checkout.",
  usage: "[-- --quantity <n>] <id>",
  example: "npm run checkout -- x",
  options: { quantity: { type: "string" }, json: { type: "boolean" } },
  positionals: { least: 1, most: 1, what: "an id" },
  run: async () => 0,
};

describe("the arguments of a command", () => {
  it("are its options and its positionals", () => {
    expect(readArguments(command, ["last", "--quantity", "2", "--json"])).toMatchObject({
      values: { quantity: "2", json: true },
      positionals: ["last"],
    });
  });

  it.each([
    [["last", "--nope"], /--nope/],
    [[], /an id is missing/],
    [["a", "b"], /too many arguments: b/],
    [["last", "--quantity"], /--quantity/],
  ])("%j are refused by name", (argv, message) => {
    expect(() => readArguments(command, argv)).toThrow(message);
    expect(() => readArguments(command, argv)).toThrow(expect.objectContaining({ code: "usage" }));
  });

  it("are passed on unchanged when they belong to another program", () => {
    const argv = ["--project", "unit", "--nope"];
    expect(readArguments({ ...command, passesOn: true }, argv).positionals).toEqual(argv);
  });

  it.each(["-1", "1.5", "two", ""])("are refused when the quantity is %j", (quantity) => {
    expect(() => wholeNumber({ values: { quantity }, positionals: [] }, "quantity", 0)).toThrow(
      /whole number/,
    );
  });
});

describe("the help of a command", () => {
  it("shows how it is typed, with an example", () => {
    expect(helpOf(command)).toContain("npm run checkout [-- --quantity <n>] <id>");
    expect(helpOf(command)).toContain("Example:\n  npm run checkout -- x");
  });

  it("knows that npm needs no run for start and test", () => {
    expect(helpOf({ ...command, name: "start" })).toMatch(/^npm start /);
  });
});
