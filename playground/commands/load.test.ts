import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { profiles } from "../../load/profiles.ts";
import { scenarios } from "../../load/scenarios/index.ts";
import { helpOf, type Io, readArguments } from "../command.ts";
import { type TemporaryState, temporaryState } from "../temporary.fixture.ts";
import { load } from "./load.ts";

let state: TemporaryState;
beforeAll(async () => {
  state = await temporaryState();
});
afterAll(() => state.remove());

/** Types `npm run load -- ...` in a folder where no playground runs. */
const type = (...argv: string[]): Promise<number> => {
  const io: Io = {
    out: process.stdout,
    err: process.stderr,
    env: {},
    root: path.resolve(import.meta.dirname, "../.."),
    dir: state.dir,
    signal: new AbortController().signal,
  };
  return load.run(readArguments(load, argv), io);
};

test("a wrong scenario, profile or fault is named, with the valid ones, before anything else", async () => {
  const names = (all: readonly { readonly name: string }[]) => all.map(({ name }) => name).join(", ");
  const cases: [string[], RegExp][] = [
    [["chekout"], new RegExp(`no scenario "chekout"; there are ${names(scenarios)}, mix$`)],
    [["mix", "--profile", "smok"], new RegExp(`no profile "smok"; there are ${names(profiles)}$`)],
    [
      ["mix", "--fault", "payments.charge:declind"],
      /no fault "payments.charge:declind"; there are .*:declined/,
    ],
    [["mix", "--fault", "payments.charge:slow(9)*2|payment.charge:slow"], /no fault "payment.charge:slow"/],
  ];
  for (const [argv, message] of cases) {
    await expect(type(...argv)).rejects.toMatchObject({
      code: "usage",
      message: expect.stringMatching(message),
    });
  }
});

test("without a playground it says how to start one", async () => {
  for (const argv of [
    ["checkout"],
    ["checkout", "--fault", "payments.charge:slow(9)*2|payments.charge:declined"],
  ]) {
    await expect(type(...argv)).rejects.toMatchObject({
      code: "not_running",
      message: expect.stringContaining("npm start"),
    });
  }
});

test("its help names every scenario and every profile", () => {
  const help = helpOf(load);
  const row = (name: string, says: string) => `    ${name.padEnd(18)} ${says}\n`;
  for (const { name, title } of scenarios) expect(help).toContain(row(name, title));
  for (const { name, does } of profiles) expect(help).toContain(row(name, does));
  for (const word of ["mix", "--fault"]) expect(help).toContain(word);
});
