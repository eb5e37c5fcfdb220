import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
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

test("a wrong scenario, profile or fault is named, beside those that there are, before anything is looked for", async () => {
  const cases: [string[], RegExp][] = [
    [
      ["chekout"],
      /no scenario "chekout"; there are checkout, payment-declined, out-of-stock, payment-slow, mix$/,
    ],
    [["mix", "--profile", "smok"], /no profile "smok"; there are smoke, steady, spike, soak$/],
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
  for (const name of ["checkout", "payment-slow", "mix", "smoke", "spike", "--fault"])
    expect(helpOf(load)).toContain(name);
});
