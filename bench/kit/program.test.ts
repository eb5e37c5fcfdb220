import { mkdtemp, readFile, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { expect, test } from "vitest";
import { processStart } from "../../playground/runner/state.ts";
import { until } from "../../playground/until.ts";
import { patient } from "../../tests/patience.ts";
import { ProgramFailed, run } from "./program.ts";

const cwd = os.tmpdir();
const never = new AbortController().signal;

test("run resolves to the output, and rejects with the error output for another status than 0", async () => {
  expect(await run("sh", ["-c", "echo out; echo err >&2"], { cwd, signal: never })).toBe("out\n");
  const failed = run("sh", ["-c", "echo why >&2; exit 3"], { cwd, signal: never });
  await expect(failed).rejects.toThrow(ProgramFailed);
  await expect(failed).rejects.toMatchObject({ status: 3, said: "why" });
  await expect(run("no-such-program", [], { cwd, signal: never })).rejects.toMatchObject({ code: "ENOENT" });
});

test("the signal ends the program and its descendants, and only then does run reject", async () => {
  const folder = await mkdtemp(path.join(os.tmpdir(), "baton-test-"));
  const file = path.join(folder, "pid");
  const stop = new AbortController();
  try {
    const running = run("sh", ["-c", `sh -c 'echo $$ > ${file}; exec sleep 600'; exit 0`], {
      cwd,
      signal: stop.signal,
    });
    const read = async (): Promise<number | undefined> =>
      Number.parseInt(await readFile(file, "utf8"), 10) || undefined;
    const grandchild = await until(read, {
      signal: never,
      withinMs: patient(10_000),
      onLate: () => new Error("the program has not started"),
    });
    stop.abort(new Error("enough"));
    await expect(running).rejects.toThrow("enough");
    expect(await processStart(grandchild)).toBeNull();
  } finally {
    await rm(folder, { recursive: true });
  }
});
